//! rustls-webpki, which Linkerd's proxies verify with, judges a chain:
//! `verify ROOTS CHAIN DNS-NAME` prints `ok` or the error.

use rustls_pki_types::{pem::PemObject, CertificateDer, ServerName, UnixTime};
use std::{env, fs, process::exit};
use webpki::{anchor_from_trusted_cert, EndEntityCert, KeyUsage};

fn certificates(file: &str) -> Vec<CertificateDer<'static>> {
    let text = fs::read(file).expect("file");
    CertificateDer::pem_slice_iter(&text)
        .collect::<Result<_, _>>()
        .expect("PEM")
}

fn main() {
    let args: Vec<String> = env::args().collect();
    let roots = certificates(&args[1]);
    let chain = certificates(&args[2]);
    let anchors: Vec<_> = roots
        .iter()
        .map(|root| anchor_from_trusted_cert(root).expect("trust anchor"))
        .collect();
    let leaf = EndEntityCert::try_from(&chain[0]).expect("leaf");
    for (usage, what) in [
        (KeyUsage::server_auth(), "server"),
        (KeyUsage::client_auth(), "client"),
    ] {
        let answer = leaf.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            &anchors,
            &chain[1..],
            UnixTime::now(),
            usage,
            None,
            None,
        );
        if let Err(error) = answer {
            println!("{what}: {error:?}");
            exit(1);
        }
    }
    if let Some(name) = args.get(3) {
        let name = ServerName::try_from(name.as_str()).expect("name");
        if let Err(error) = leaf.verify_is_valid_for_subject_name(&name) {
            println!("name: {error:?}");
            exit(1);
        }
    }
    println!("ok");
}
