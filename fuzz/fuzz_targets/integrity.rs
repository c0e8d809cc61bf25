//! Metadata that guards rejects foreign bytes; adding our own digest of the strongest algorithm
//! admits them; digests print as they are read.
#![no_main]

use inhouse::integrity::{Algorithm, Digest, Integrity, IntegrityMetadata};
use libfuzzer_sys::fuzz_target;

fn seeds() {
    inhouse_fuzz::plant([
        "sha384-H8BRh8j48O9oYatfu5AZzq6A9RINhZO5H16dQZngK7T62em8MUt1FLm52t+eX6xO",
        "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=?ct=text/javascript SHA512-x md5-y",
        " \t\nsha384-\x0csha256-=?",
    ]);
}

fuzz_target!(init: seeds(), |text: &[u8]| {
    let text = String::from_utf8_lossy(text);
    let metadata = IntegrityMetadata::parse(&text);
    assert_eq!(metadata.as_str(), text);
    let verified = metadata.verify(text.as_bytes());
    if !metadata.guards() {
        assert!(verified.is_ok(), "browsers load what is not guarded");
    }
    let own = Digest::of(text.as_bytes(), Algorithm::Sha512);
    let admitting = IntegrityMetadata::parse(&format!("{text} {own}"));
    assert!(admitting.guards() && admitting.verify(text.as_bytes()).is_ok());
    assert!(IntegrityMetadata::parse(&own.to_string()).verify(b"others").is_err() || text == "others");
    if let Ok(integrity) = text.parse::<Integrity>() {
        assert_eq!(integrity.to_string().parse().as_ref(), Ok(&integrity));
        assert_eq!(integrity.verify(b"bytes").is_ok(), integrity == own_of(&integrity, b"bytes"));
    }
});

fn own_of(like: &Integrity, bytes: &[u8]) -> Integrity {
    let algorithms: Vec<_> = like.digests().iter().map(Digest::algorithm).collect();
    Integrity::of(bytes, &algorithms)
}
