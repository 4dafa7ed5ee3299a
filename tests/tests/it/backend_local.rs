//! The bundled backend for this machine, loaded from its library, over the host's one door for processes.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hermes_core::host::http::Http;
use hermes_core::host::scope::Scopes;
use hermes_core::host::service::{self, Services};
use hermes_core::plugin::load;
use hermes_plugin_api::backend::SessionSpec;
use hermes_plugin_api::conformance::{self, Remote};
use hermes_plugin_api::manifest::Manifest;
use serde_json::json;

const MANIFEST: &str = include_str!("../../../plugins/backend-local/plugin.yaml");

/// Where the build put a plugin's library: beside the folder of this binary.
fn library(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("this binary has a path");
    let folder = own.parent().and_then(|deps| deps.parent()).expect("it lies in a target folder");
    folder.join(name)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_what_every_backend_must_do() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().to_str().expect("text").to_owned();
    let services = Arc::new(Services {
        runtime: tokio::runtime::Handle::current(),
        scopes: Scopes::default(),
        http: Http::default(),
        secret: Box::new(|_| None),
        stores: place.path().join("stores"),
    });
    let manifest = Manifest::parse(MANIFEST).expect("a manifest");
    let library = library(&manifest.library);
    let file = std::fs::File::open(&library).unwrap_or_else(|error| {
        panic!("`{}` is not built ({error}): run `cargo xtask test`", library.display());
    });
    let host = service::host(&services, &manifest, &json!({}));
    let mut offers = load::load(file, &manifest, "{}".to_owned(), host).expect("loads");
    let backend = offers.backends.remove("local").expect("it offers the backend");
    let env = BTreeMap::from([("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())]);
    let spec = SessionSpec { cwd: Some(directory.clone()), env, ..SessionSpec::default() };
    let spec = serde_json::to_string(&spec).expect("JSON");
    let session = backend.open(spec.into()).await.into_result().expect("opens");
    for check in conformance::backend(&Remote::new(session), &directory).await {
        assert_eq!(check.failed, None, "{}", check.what);
    }
}
