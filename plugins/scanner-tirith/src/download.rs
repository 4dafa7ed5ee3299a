//! Gets a release and puts the program into the home: checked by its SHA-256, and by cosign where that is installed.
//!
//! It goes through the host's door for endpoints that are configured. Nothing of a release that failed a check is
//! kept, and the program appears at its place as a whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use hermes_plugin_api::host::{Host, HttpRequest, SpawnRequest};
use url::Url;

use crate::ask::{self, Env};
use crate::find::{NAME, Places};
use crate::release;

/// Time for all of it.
const LONGEST: Duration = Duration::from_secs(600);
/// Time until a server says something.
const HEAD_MS: u64 = 30_000;
/// Time for cosign.
const VERIFYING: Duration = Duration::from_secs(60);
/// Redirects of one request.
const REDIRECTS: usize = 5;
/// Longest list of checksums, signature or certificate.
const SMALL: usize = 1 << 20;

/// Who signs releases, and who says so.
const SIGNER: &str = r"^https://github\.com/sheeki03/tirith/\.github/workflows/";
const ISSUER: &str = "https://token.actions.githubusercontent.com";

/// Gets the release below `base` and puts its program into the home. Returns where it is, and what it was checked by.
///
/// # Errors
/// What went wrong, in a sentence. Nothing has changed then.
pub(crate) async fn install(
    host: &Host,
    base: &str,
    places: &Places,
    env: &Env,
) -> Result<(PathBuf, &'static str), String> {
    let late = pin!(host.sleep(LONGEST));
    match select(pin!(fetched(host, base, places, env)), late).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => Err(format!("it took longer than {} min", LONGEST.as_secs() / 60)),
    }
}

async fn fetched(host: &Host, base: &str, places: &Places, env: &Env) -> Result<(PathBuf, &'static str), String> {
    let name = release::archive()?;
    let at = |file: &str| format!("{}/{file}", base.trim_end_matches('/'));
    let list = get(host, &at(release::CHECKSUMS), SMALL).await?;
    let how = match places.program("cosign") {
        Some(cosign) => {
            let signature = get(host, &at("checksums.txt.sig"), SMALL).await?;
            let certificate = get(host, &at("checksums.txt.pem"), SMALL).await?;
            verify(host, &cosign, [&list, &signature, &certificate], places, env).await?;
            "by its SHA-256 and by cosign"
        }
        None => "by its SHA-256; there is no cosign to check who signed it",
    };
    let list = String::from_utf8(list).map_err(|_| format!("`{}` is no text", release::CHECKSUMS))?;
    let archive = get(host, &at(&name), release::ARCHIVE).await?;
    release::check(&list, &name, &archive)?;
    let program = release::unpack(&archive)?;
    let place = places.installed();
    put(host, &place, &program).map_err(|error| format!("`{}` cannot be written: {error}", place.display()))?;
    Ok((place, how))
}

/// Fetches a file, redirects included, each of them within what the host lets through.
async fn get(host: &Host, url: &str, limit: usize) -> Result<Vec<u8>, String> {
    let mut url = Url::parse(url).map_err(|error| format!("`{url}` is no address: {error}"))?;
    for _ in 0..=REDIRECTS {
        let request = HttpRequest {
            method: "GET".to_owned(),
            url: url.to_string(),
            headers: vec![("accept-encoding".to_owned(), "identity".to_owned())],
            timeout_ms: HEAD_MS,
            ..HttpRequest::default()
        };
        let shown = format!("{}{}", url.host_str().unwrap_or_default(), url.path());
        let told = |error: hermes_plugin_api::error::PluginError| format!("`{shown}`: {}", error.message);
        let response = host.http(&request).await.map_err(told)?;
        if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
            return match response.status {
                200 => response.bytes(limit).await.map_err(told),
                status => Err(format!("`{shown}` is answered with status {status}")),
            };
        }
        let to = response.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.as_str());
        let next = to.and_then(|to| url.join(to).ok()).ok_or_else(|| format!("`{shown}` redirects nowhere"))?;
        if url.scheme() == "https" && next.scheme() != "https" {
            return Err(format!("`{shown}` redirects to an address without TLS"));
        }
        url = next;
    }
    Err(format!("a redirect leads on more than {REDIRECTS} times"))
}

/// Has cosign check who signed the list of checksums.
async fn verify(
    host: &Host,
    cosign: &Path,
    [list, signature, certificate]: [&[u8]; 3],
    places: &Places,
    env: &Env,
) -> Result<(), String> {
    let folder = ask::state(&places.home).join(format!("release-{}", tag(host)));
    let _gone = Gone(folder.clone());
    let file = |name: &str| folder.join(name);
    let write = || {
        fs::create_dir_all(&folder)?;
        fs::write(file("list"), list)?;
        fs::write(file("signature"), signature)?;
        fs::write(file("certificate"), certificate)
    };
    write().map_err(|error| format!("`{}` cannot be written: {error}", folder.display()))?;
    let path = |name: &str| file(name).display().to_string();
    let argv = [
        cosign.display().to_string(),
        "verify-blob".to_owned(),
        "--certificate".to_owned(),
        path("certificate"),
        "--signature".to_owned(),
        path("signature"),
        "--certificate-identity-regexp".to_owned(),
        SIGNER.to_owned(),
        "--certificate-oidc-issuer".to_owned(),
        ISSUER.to_owned(),
        path("list"),
    ];
    let request = SpawnRequest {
        argv: argv.into(),
        cwd: Some(folder.display().to_string()),
        env: env.clone(),
        ..SpawnRequest::default()
    };
    let told = match select(pin!(ask::run(host, &request)), pin!(host.sleep(VERIFYING))).await {
        Either::Left((told, _)) => told.map_err(|why| format!("cosign failed: {why}"))?,
        Either::Right(_) => return Err(format!("cosign did not end within {} s", VERIFYING.as_secs())),
    };
    match told.exit.code {
        Some(0) => Ok(()),
        _ => {
            let said = told.complaint.lines().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
            Err(format!("cosign does not confirm who signed `{}`: {}", release::CHECKSUMS, said.trim()))
        }
    }
}

/// A folder that is taken away again.
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        // What is left behind holds nothing that is not public.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn put(host: &Host, place: &Path, program: &[u8]) -> std::io::Result<()> {
    let folder = place.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let beside = folder.join(format!(".{NAME}-{}", tag(host)));
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o700).open(&beside)?;
        file.write_all(program)?;
        // Whatever the umask is.
        file.set_permissions(fs::Permissions::from_mode(0o755))?;
        file.sync_all()?;
        fs::rename(&beside, place)?;
        fs::File::open(folder)?.sync_all()
    };
    let written = write();
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

fn tag(host: &Host) -> String {
    hex::encode(host.random(8))
}
