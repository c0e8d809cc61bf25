//! A plain HTTP server for a folder: what a static host does with the site, for browsers to load.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use tokio::{net::TcpListener, runtime::Runtime};

use super::http::{self, Answer, Request, mime_type};

/// The server; it stops when dropped.
pub struct StaticSite {
    address: SocketAddr,
    requested: Arc<Mutex<Vec<String>>>,
    runtime: Option<Runtime>,
}

impl StaticSite {
    /// Serves `folder`; a path that ends in `/` is its `index.html`, an unknown one its `404.html`.
    pub fn serve(folder: &Path) -> Self {
        Self::serve_with(folder, &[])
    }

    /// The same, with headers on every answer, such as a Content Security Policy.
    pub fn serve_with(folder: &Path, headers: &[(&str, &str)]) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let requested = Arc::default();
        let site = Arc::new(Site {
            folder: folder.to_owned(),
            headers: headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect(),
            requested: Arc::clone(&requested),
        });
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let site = site.clone();
                tokio::spawn(async move {
                    http::serve(stream, Arc::default(), |request| site.answer(request)).await
                });
            }
        });
        Self { address, requested, runtime: Some(runtime) }
    }

    /// The URL of a path of the site, which starts with `/`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Every path (with query) that was asked for, in order.
    pub fn requested(&self) -> Vec<String> {
        self.requested.lock().unwrap().clone()
    }
}

impl Drop for StaticSite {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_background();
    }
}

struct Site {
    folder: PathBuf,
    headers: Vec<(String, String)>,
    requested: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn answer(&self, request: &Request) -> Answer {
        self.requested.lock().unwrap().push(request.target.clone());
        let mut path =
            percent_encoding::percent_decode_str(request.path()).decode_utf8_lossy().into_owned();
        if path.ends_with('/') {
            path.push_str("index.html");
        }
        let inside = !path.split('/').any(|segment| segment == "..");
        let file =
            if inside { fs::read(format!("{}{path}", self.folder.display())).ok() } else { None };
        let answer = match file {
            Some(bytes) => Answer::ok(bytes).content_type(mime_type(&path)),
            None => {
                let page = fs::read(self.folder.join("404.html")).unwrap_or_default();
                Answer::status(404).body(page).content_type("text/html; charset=utf-8")
            }
        };
        self.headers.iter().fold(answer, |answer, (name, value)| answer.header(name, value))
    }
}
