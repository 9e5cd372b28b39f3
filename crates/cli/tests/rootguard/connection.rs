//! Through a proxy that reads the traffic with a private certificate authority, as in many
//! companies.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use sandbox::{Organization, Sandbox, Server};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use crate::command::{Run, command, finished, folder};
use crate::organization::account;

const ACCOUNT: &str = "111111111111";

/// The names of AWS that the certificate of the proxy is for.
const NAMES: [&str; 3] = [
    "*.amazonaws.com",
    "*.us-east-1.amazonaws.com",
    "*.us-east-1.api.aws",
];

/// `Basic` of `ada:l0velace`.
const AUTHORIZATION: &str = "proxy-authorization: basic ywrhomwwdmvsywnl";

/// A proxy that opens every tunnel itself. It stops when this is dropped.
struct Proxy {
    port: u16,
    /// The host of each tunnel.
    hosts: Arc<Mutex<Vec<String>>>,
    authority: String,
    _server: JoinSet<()>,
}

impl Proxy {
    /// Starts one that sends everything to `target`, and asks for a password.
    async fn start(target: SocketAddr) -> Self {
        let mut authority = CertificateParams::default();
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority =
            CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names = NAMES.map(str::to_owned);
        let certificate = CertificateParams::new(names).unwrap();
        let certificate = certificate.signed_by(&key, &authority).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![certificate.der().clone()],
                PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
            );
        let acceptor = TlsAcceptor::from(Arc::new(config.unwrap()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let hosts = Arc::new(Mutex::new(Vec::new()));
        let mut server = JoinSet::new();
        let seen = Arc::clone(&hosts);
        server.spawn(async move {
            let mut tunnels = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                tunnels.spawn(tunnel(stream, acceptor.clone(), target, Arc::clone(&seen)));
            }
        });
        Self {
            port,
            hosts,
            authority: authority.pem(),
            _server: server,
        }
    }

    fn url(&self, user: &str) -> String {
        format!("http://{user}127.0.0.1:{}", self.port)
    }

    /// The hosts of the tunnels since the last time.
    fn hosts(&self) -> Vec<String> {
        std::mem::take(&mut self.hosts.lock().unwrap())
    }
}

/// Answers one `CONNECT`, and passes on what comes through the tunnel.
async fn tunnel(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    target: SocketAddr,
    hosts: Arc<Mutex<Vec<String>>>,
) {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head).await.unwrap_or_default() == 0 {
            return;
        }
    }
    let mut stream = stream.into_inner();
    let host = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(':').next());
    let Some(host) = host else { return };
    if !head.to_ascii_lowercase().contains(AUTHORIZATION) {
        let refusal = "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n";
        let _ = stream.write_all(refusal.as_bytes()).await;
        return;
    }
    hosts.lock().unwrap().push(host.to_owned());
    let accepted = b"HTTP/1.1 200 Connection established\r\n\r\n";
    if stream.write_all(accepted).await.is_err() {
        return;
    }
    // A client that does not trust the certificate goes away.
    let Ok(mut client) = acceptor.accept(stream).await else {
        return;
    };
    let mut server = TcpStream::connect(target).await.unwrap();
    let _ = copy_bidirectional(&mut client, &mut server).await;
}

/// `rootguard check` with nothing but this environment.
async fn check(folder: &Path, environment: &[(&str, &str)]) -> Run {
    let mut command = Command::from(command(&["check", "--format", "json"]));
    command
        .current_dir(folder)
        .env("AWS_ACCESS_KEY_ID", ACCOUNT)
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .env("AWS_REGION", "us-east-1")
        .envs(environment.iter().copied());
    finished(command.output().await.unwrap())
}

/// A sandbox behind a proxy, and a folder with the file of its authority.
struct Company {
    server: Server,
    proxy: Proxy,
    folder: PathBuf,
    authority: String,
}

impl Company {
    async fn start(name: &str) -> Self {
        let organization: Organization = account(ACCOUNT, "").parse().unwrap();
        let sandbox = Sandbox::new(organization).unwrap();
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let endpoint = server.endpoint_url();
        let target = endpoint.strip_prefix("http://").unwrap().parse().unwrap();
        let proxy = Proxy::start(target).await;
        let folder = folder(name);
        let authority = file(&folder, "authority.pem", &proxy.authority);
        Self {
            server,
            proxy,
            folder,
            authority,
        }
    }
}

fn file(folder: &Path, name: &str, text: &str) -> String {
    fs::write(folder.join(name), text).unwrap();
    folder.join(name).to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_check_goes_through_the_proxy_and_trusts_the_authority_of_a_company() {
    let Company {
        server,
        proxy,
        folder,
        authority,
    } = Company::start("connection").await;
    let endpoint = server.endpoint_url();
    let config = format!("[default]\nca_bundle = {authority}\n");
    let config = file(&folder, "config", &config);
    let config = config.as_str();
    let empty = file(&folder, "empty.pem", "");
    let (url, anonymous) = (&proxy.url("ada:l0velace@"), &proxy.url(""));

    // All of it goes through the tunnels.
    for environment in [
        &[("HTTPS_PROXY", url.as_str()), ("AWS_CA_BUNDLE", &authority)][..],
        &[("https_proxy", url), ("SSL_CERT_FILE", &authority)],
        &[("ALL_PROXY", url), ("AWS_CONFIG_FILE", config)],
        &[
            ("HTTPS_PROXY", url.trim_start_matches("http://")),
            ("AWS_CA_BUNDLE", &authority),
            ("SSL_CERT_FILE", &empty),
        ],
    ] {
        let run = check(&folder, environment).await;
        assert_eq!(run.code, 0, "{environment:?}: {}{}", run.out, run.err);
        let hosts = proxy.hosts();
        for host in [
            "sts.us-east-1.amazonaws.com",
            "iam.amazonaws.com",
            "cloudtrail.us-east-1.amazonaws.com",
        ] {
            assert!(hosts.iter().any(|seen| seen == host), "{hosts:?}");
        }
    }
    for (variable, host) in [
        ("AWS_USE_FIPS_ENDPOINT", "sts-fips.us-east-1.amazonaws.com"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "sts.us-east-1.api.aws"),
    ] {
        let through = [
            ("HTTPS_PROXY", url.as_str()),
            ("AWS_CA_BUNDLE", &authority),
            (variable, "true"),
        ];
        check(&folder, &through).await;
        let hosts = proxy.hosts();
        assert_eq!(hosts.first().map(String::as_str), Some(host), "{hosts:?}");
    }
    // None of it does where NO_PROXY says so, or the endpoint of a service is elsewhere.
    let direct = [
        ("HTTP_PROXY", anonymous.as_str()),
        ("NO_PROXY", "127.0.0.1"),
        ("AWS_ENDPOINT_URL", &endpoint),
    ];
    let run = check(&folder, &direct).await;
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert_eq!(proxy.hosts(), [""; 0]);
    let mixed = [
        ("HTTPS_PROXY", url.as_str()),
        ("AWS_CA_BUNDLE", &authority),
        ("AWS_ENDPOINT_URL_STS", &endpoint),
    ];
    let run = check(&folder, &mixed).await;
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    let hosts = proxy.hosts();
    assert!(
        !hosts.iter().any(|host| host.starts_with("sts.")),
        "{hosts:?}"
    );
    assert!(
        hosts.iter().any(|host| host == "iam.amazonaws.com"),
        "{hosts:?}"
    );
}

#[tokio::test]
async fn a_connection_that_cannot_work_is_explained_without_the_password() {
    let Company {
        server: _server,
        proxy,
        folder,
        authority,
    } = Company::start("no-connection").await;
    let empty = file(&folder, "empty.pem", "");
    let broken = file(
        &folder,
        "broken.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    let (url, anonymous) = (&proxy.url("ada:l0velace@"), &proxy.url(""));

    for (environment, said) in [
        (&[("HTTPS_PROXY", url.as_str())][..], "set AWS_CA_BUNDLE"),
        (
            &[
                ("HTTPS_PROXY", anonymous.as_str()),
                ("AWS_CA_BUNDLE", &authority),
            ],
            "Requests go through the proxy of HTTPS_PROXY",
        ),
        (
            &[("HTTPS_PROXY", "socks5://ada:l0velace@127.0.0.1:9")],
            "HTTPS_PROXY is not the URL of a proxy",
        ),
        (
            &[("AWS_CA_BUNDLE", "/absent.pem")],
            "AWS_CA_BUNDLE /absent.pem: the file of CA certificates cannot be read",
        ),
        (&[("SSL_CERT_FILE", empty.as_str())], "no CA certificate"),
        (&[("AWS_CA_BUNDLE", broken.as_str())], "certificate 1"),
        (
            &[("HTTPS_PROXY", "http://ada:l0velace@127.0.0.1:9")],
            "127.0.0.1:9",
        ),
    ] {
        let run = check(&folder, environment).await;
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{environment:?}");
        assert!(run.err.contains(said), "{environment:?}: {}", run.err);
        assert!(!run.err.contains("l0velace"), "{}", run.err);
    }
}
