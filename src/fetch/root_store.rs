//! The certificate authorities to trust: the system's and those the user names, read once for all
//! clients.
//!
//! Reading them takes longer than a handshake, so a [`RootStore`] is a value that clients share. TLS is
//! rustls' own: at least 1.2, with ring, and the platform's rules.

use std::{io, path::Path, sync::Arc};

use rustls::{
    ClientConfig, NamedGroup,
    client::{
        ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
        Tls13ClientSessionValue, danger::ServerCertVerifier,
    },
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use rustls_platform_verifier::Verifier;

use super::{ClientError, first_connection::FirstConnections};

/// Sessions remembered, as many hosts as a page has use for.
const SESSIONS: usize = 256;

/// What certificates are held against.
#[derive(Clone, Debug)]
pub struct RootStore {
    provider: Arc<CryptoProvider>,
    verifier: Arc<dyn ServerCertVerifier>,
}

impl RootStore {
    /// Trusts the system's authorities, and those in the PEM file `ca_cert`.
    ///
    /// # Errors
    /// [`ClientError`] if that file cannot be used, or the system has no authorities.
    pub fn load(ca_cert: Option<&Path>) -> Result<Self, ClientError> {
        let own = ca_cert.map(read_certificates).transpose()?.unwrap_or_default();
        let provider = Arc::new(ring::default_provider());
        let verifier = Verifier::new_with_extra_roots(own, provider.clone())
            .map_err(|cause| ClientError::Setup { cause: Arc::new(cause) })?;
        Ok(Self { provider, verifier: Arc::new(verifier) })
    }

    /// TLS for one client, which offers HTTP/2 and tells `connections` which hosts it has reached.
    pub(super) fn tls(
        &self,
        connections: Arc<FirstConnections>,
    ) -> Result<ClientConfig, rustls::Error> {
        let mut tls = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier.clone())
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let kept = ClientSessionMemoryCache::new(SESSIONS);
        tls.resumption = Resumption::store(Arc::new(Sessions { kept, connections }));
        Ok(tls)
    }
}

#[allow(clippy::disallowed_methods, reason = "a certificate is no file of the site")]
fn read_certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientError> {
    let unreadable = |cause: io::Error| ClientError::CaCert { path: path.to_owned(), cause };
    let unusable = |cause| ClientError::NoCertificate { path: path.to_owned(), cause };
    let pem = std::fs::read(path).map_err(unreadable)?;
    let certificates = CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>();
    let certificates = certificates.map_err(|error| unusable(Some(error)))?;
    if certificates.is_empty() { Err(unusable(None)) } else { Ok(certificates) }
}

/// Keeps sessions as rustls does by itself. A server hands one out when the handshake has ended,
/// which no other part of the client tells us with the name of the host.
#[derive(Debug)]
struct Sessions {
    kept: ClientSessionMemoryCache,
    connections: Arc<FirstConnections>,
}

impl ClientSessionStore for Sessions {
    fn set_tls12_session(&self, host: ServerName<'static>, session: Tls12ClientSessionValue) {
        self.connections.end(&host.to_str());
        self.kept.set_tls12_session(host, session);
    }

    fn insert_tls13_ticket(&self, host: ServerName<'static>, ticket: Tls13ClientSessionValue) {
        self.connections.end(&host.to_str());
        self.kept.insert_tls13_ticket(host, ticket);
    }

    fn set_kx_hint(&self, host: ServerName<'static>, group: NamedGroup) {
        self.kept.set_kx_hint(host, group);
    }

    fn kx_hint(&self, host: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept.kx_hint(host)
    }

    fn tls12_session(&self, host: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept.tls12_session(host)
    }

    fn remove_tls12_session(&self, host: &ServerName<'static>) {
        self.kept.remove_tls12_session(host);
    }

    fn take_tls13_ticket(&self, host: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.kept.take_tls13_ticket(host)
    }
}
