//! Every model answers or says why not, and stops when nobody waits any more.

use hermes_plugin_api::model::{Delta, Message, Request, Role};

use super::{Checks, graceful, timely};
use crate::app::App;
use crate::flow::{self, CancelSource};

pub(super) async fn check(checks: &mut Checks, app: &App, name: &str) {
    checks.add(format!("model `{name}` answers or says why not"), complete(app, name, false).await);
    checks.add(format!("model `{name}` stops when it is cancelled"), complete(app, name, true).await);
}

async fn complete(app: &App, name: &str, cancelled: bool) -> Result<(), String> {
    let model = app.plugins.model(name).map_err(|refusal| refusal.cause)?;
    let answer = timely("complete", async move {
        let (deltas, mut said) = flow::messages::<Delta>(16);
        let reader = tokio::spawn(async move { while said.recv().await.is_some() {} });
        let cancel = CancelSource::new();
        if cancelled {
            cancel.cancel();
        }
        let message = Message { role: Role::User, content: "hello".into(), ..Message::default() };
        let request = Request { messages: vec![message], ..Request::default() };
        let answer = model.complete(&request, deltas, &cancel.handle()).await;
        reader.abort();
        answer
    });
    match answer.await {
        Ok(_) => Ok(()),
        Err(error) => graceful(&error),
    }
}
