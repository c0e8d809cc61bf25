//! HTTP/1.1 written by hand: no server library misbehaves in the ways that tests need.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};

/// What a client asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// From the `Host` header, without the port.
    pub host: String,
    /// Path and query, as sent.
    pub target: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// `HTTP/1.1` or `HTTP/2.0`.
    pub version: &'static str,
}

impl Request {
    /// The path without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// The value of a header, by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// What a server answers, by the rules or against them.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Arc<Vec<u8>>,
    pub(super) delay: Duration,
    pub(super) way: Way,
}

/// How the bytes are sent.
#[derive(Clone, Debug)]
pub(super) enum Way {
    Whole,
    /// Byte by byte.
    Drip(Duration),
    /// The length of the whole body is announced, then the connection ends after so many bytes.
    Cut(usize),
    /// The body again and again, chunked, without end.
    Endless,
    /// No length, the end of the connection ends the body; TLS is not closed properly.
    UntilClose,
    /// The connection closes before a byte is written.
    Silence,
    /// Bytes that need not be HTTP.
    Raw,
}

impl Answer {
    /// 200 with `body` and the JavaScript MIME type.
    pub fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::status(200).body(body).content_type("text/javascript; charset=utf-8")
    }

    /// An answer with this status and no body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Arc::default(),
            delay: Duration::ZERO,
            way: Way::Whole,
        }
    }

    /// A redirect to `location`.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    /// Closes the connection instead of answering.
    pub fn silence() -> Self {
        Self { way: Way::Silence, ..Self::status(0) }
    }

    /// Writes `bytes` as they are and closes the connection.
    pub fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { way: Way::Raw, ..Self::status(0).body(bytes) }
    }

    /// `body` over and over, until the client goes away.
    pub fn endless(body: impl Into<Vec<u8>>) -> Self {
        Self { way: Way::Endless, ..Self::ok(body) }
    }

    /// A body of `size` equal bytes that is tiny on the wire.
    pub fn bomb(encoding: Encoding, size: usize) -> Self {
        Self::ok(encoding.zeros(size)).header("content-encoding", encoding.name())
    }

    /// Replaces the status.
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// Replaces the body.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Arc::new(body.into());
        self
    }

    /// Replaces the MIME type.
    pub fn content_type(self, value: &str) -> Self {
        self.without("content-type").header("content-type", value)
    }

    /// Removes a header.
    pub fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    /// Adds a header; lower-case names.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Adds `count` headers of 100 bytes.
    pub fn flood(mut self, count: usize) -> Self {
        self.headers.extend((0..count).map(|n| (format!("x-flood-{n}"), "f".repeat(100))));
        self
    }

    /// Waits before answering.
    pub fn delayed(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Sends the body byte by byte, one each `pause`.
    pub fn dripping(mut self, pause: Duration) -> Self {
        self.way = Way::Drip(pause);
        self
    }

    /// Announces the whole body and closes the connection after `sent` bytes.
    pub fn cut_after(mut self, sent: usize) -> Self {
        self.way = Way::Cut(sent);
        self
    }

    /// Announces no length and breaks the connection off at the end of the body.
    pub fn until_close(mut self) -> Self {
        self.way = Way::UntilClose;
        self
    }

    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} As asked\r\n", self.status);
        match self.way {
            Way::Endless => head.push_str("transfer-encoding: chunked\r\n"),
            Way::UntilClose => head.push_str("connection: close\r\n"),
            _ if self.status == 204 || self.status == 304 => {}
            _ => head.push_str(&format!("content-length: {}\r\n", self.body.len())),
        }
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head + "\r\n"
    }

    /// Writes the answer; `Ok(true)` if the connection may serve another request.
    async fn write(&self, to: &mut Wire<impl AsyncWrite + Unpin>) -> io::Result<bool> {
        tokio::time::sleep(self.delay).await;
        match self.way {
            Way::Silence => return Ok(false),
            Way::Raw => {
                to.write(&self.body).await?;
                return Ok(false);
            }
            _ => to.write(self.head().as_bytes()).await?,
        }
        match self.way {
            Way::Whole => to.write(&self.body).await?,
            Way::Drip(pause) => {
                for byte in self.body.iter() {
                    to.write(&[*byte]).await?;
                    tokio::time::sleep(pause).await;
                }
            }
            Way::Cut(sent) => to.write(&self.body[..sent]).await?,
            Way::Endless => loop {
                to.write(format!("{:x}\r\n", self.body.len()).as_bytes()).await?;
                to.write(&self.body).await?;
                to.write(b"\r\n").await?;
            },
            Way::UntilClose => to.write(&self.body).await?,
            Way::Silence | Way::Raw => {}
        }
        Ok(matches!(self.way, Way::Whole | Way::Drip(_)))
    }
}

/// A way to make a large body small.
#[derive(Clone, Copy, Debug)]
pub enum Encoding {
    Gzip,
    Brotli,
    Zstd,
}

impl Encoding {
    /// As `Content-Encoding` spells it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }

    /// At least `size` zeros, compressed.
    pub fn zeros(self, size: usize) -> Vec<u8> {
        match self {
            Self::Gzip => gzip(&vec![0; size]),
            Self::Brotli => {
                assert!(size <= 16 << 20, "the ready-made brotli stream holds 16 MiB");
                BROTLI_16_MIB_OF_ZEROS.to_vec()
            }
            Self::Zstd => zstd_zeros(size),
        }
    }
}

/// Made by a brotli encoder, quality 11: an encoder of our own would be one crate more.
const BROTLI_16_MIB_OF_ZEROS: [u8; 27] = [
    0xcb, 0xff, 0xff, 0x3f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x2f, 0xff, 0xff,
    0xff, 0xf0, 0x4f, 0x00, 0xc4, 0x61, 0x11, 0x80, 0xee, 0xfd, 0x1f,
];

/// `alert(1)` and a line feed, by a brotli encoder.
pub const BROTLI_ALERT: [u8; 13] =
    [0x0b, 0x04, 0x80, 0x61, 0x6c, 0x65, 0x72, 0x74, 0x28, 0x31, 0x29, 0x0a, 0x03];

/// Compresses with gzip.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A zstd frame (RFC 8878, 3.1.1) of run-length blocks: four bytes for each 128 KiB.
fn zstd_zeros(size: usize) -> Vec<u8> {
    const BLOCK: usize = 128 << 10;
    const RUN_LENGTH: u32 = 1 << 1;
    // Magic number, no flags, a window of 128 KiB.
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38];
    let blocks = size.div_ceil(BLOCK).max(1);
    for block in 1..=blocks {
        let last = u32::from(block == blocks);
        let header = last | RUN_LENGTH | (BLOCK as u32) << 3;
        frame.extend_from_slice(&header.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

/// The MIME type that a good CDN gives a file of this name; a name without extension is a script.
pub fn mime_type(path: &str) -> &'static str {
    let name = path.rsplit('/').next().unwrap_or_default();
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html" | "htm") => "text/html; charset=utf-8",
        Some("xhtml") => "application/xhtml+xml; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("woff") => "font/woff",
        Some("woff2") => "font/woff2",
        Some("ttf") => "font/ttf",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt" | "md") => "text/plain; charset=utf-8",
        Some("tgz" | "gz") => "application/octet-stream",
        _ => "text/javascript; charset=utf-8",
    }
}

/// The writing half, which counts.
struct Wire<S> {
    stream: S,
    sent: Arc<AtomicU64>,
}

impl<S: AsyncWrite + Unpin> Wire<S> {
    async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await?;
        self.stream.flush().await?;
        self.sent.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        Ok(())
    }
}

/// Serves one connection until either side has had enough.
pub async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    sent: Arc<AtomicU64>,
    answer: impl Fn(&Request) -> Answer,
) -> io::Result<()> {
    let (reading, stream) = tokio::io::split(stream);
    let mut reading = BufReader::new(reading);
    let mut wire = Wire { stream, sent };
    while let Some(request) = read(&mut reading).await? {
        if !answer(&request).write(&mut wire).await? {
            return Ok(());
        }
    }
    Ok(())
}

/// Reads a request without body, or `None` at the end of the connection.
async fn read(stream: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Option<Request>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut request = Request { host: String::new(), target, headers, version: "HTTP/1.1" };
    let host = request.header("host").unwrap_or_default();
    request.host = host.split(':').next().unwrap_or_default().to_owned();
    Ok(Some(request))
}
