//! TLS in front of the sandbox, with a certificate authority of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// The name that the certificate is for. A name and no address, because a Lambda
/// function looks AWS up by name too.
const HOST: &str = "localhost";

/// The file with the certificate authorities that the functions trust.
pub(crate) const CERTIFICATES: &str =
    concat!(env!("CARGO_TARGET_TMPDIR"), "/cold-start-authorities.pem");

/// Places where systems keep the certificate authorities they trust.
const SYSTEM_CERTIFICATES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
];

/// An endpoint that decrypts and passes on. It stops when this is dropped.
pub(crate) struct TlsFront {
    port: u16,
    trusted_certificates: usize,
    _server: JoinSet<()>,
}

impl TlsFront {
    /// Starts an endpoint in front of `target`.
    pub(crate) async fn start(target: SocketAddr) -> anyhow::Result<Self> {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate =
            CertificateParams::new(vec![HOST.to_owned()])?.signed_by(&key, &authority)?;
        // As many as a function finds on Lambda: reading them is part of its start.
        let mut trusted = system_certificates();
        trusted.push_str(&authority.pem());
        fs::write(CERTIFICATES, &trusted).with_context(|| format!("writing {CERTIFICATES}"))?;

        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?,
            )?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        let mut server = JoinSet::new();
        server.spawn(accept(
            listener,
            TlsAcceptor::from(Arc::new(config)),
            target,
        ));
        Ok(Self {
            port,
            trusted_certificates: trusted.matches("-----BEGIN CERTIFICATE-----").count(),
            _server: server,
        })
    }

    pub(crate) fn endpoint_url(&self) -> String {
        format!("https://{HOST}:{}", self.port)
    }

    /// Returns how many certificate authorities the functions trust.
    pub(crate) fn trusted_certificates(&self) -> usize {
        self.trusted_certificates
    }
}

/// The certificate authorities of this machine; none, where none are found.
fn system_certificates() -> String {
    let file = SYSTEM_CERTIFICATES
        .iter()
        .find(|file| Path::new(file).exists());
    file.and_then(|file| fs::read_to_string(file).ok())
        .unwrap_or_default()
}

async fn accept(listener: TcpListener, acceptor: TlsAcceptor, target: SocketAddr) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        // A connection that breaks off is a function's process that was killed; one
        // that never came about shows up as the function's failed invocation.
        connections.spawn(pass_on(stream, acceptor.clone(), target));
    }
}

async fn pass_on(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    target: SocketAddr,
) -> std::io::Result<()> {
    // A delayed acknowledgement would show up as 40 ms of the function's time.
    stream.set_nodelay(true)?;
    let mut outside = acceptor.accept(stream).await?;
    let mut inside = TcpStream::connect(target).await?;
    inside.set_nodelay(true)?;
    copy_bidirectional(&mut outside, &mut inside).await?;
    Ok(())
}
