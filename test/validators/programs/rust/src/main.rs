//! rustls-webpki, which Linkerd's proxies verify with, as a judge: one job a line from standard
//! input, one verdict a line to standard output, after a first line with the version (see
//! batch-program.ts).

use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use std::io::{stdin, BufRead};
use webpki::{
    anchor_from_trusted_cert, BorrowedCertRevocationList, CertRevocationList, EndEntityCert,
    ExpirationPolicy, KeyUsage, RevocationCheckDepth, RevocationOptionsBuilder,
};

const LOCK: &str = include_str!("../Cargo.lock");

fn main() {
    println!("rustls-webpki {}", version());
    for line in stdin().lock().lines() {
        match judge(&line.expect("a line")) {
            Ok(()) => println!("takes"),
            Err(reason) => println!("refuses\t{}", reason.replace('\n', " ")),
        }
    }
}

fn judge(line: &str) -> Result<(), String> {
    let fields: Vec<&str> = line.split('\t').collect();
    let (purpose, name) = (fields[0], fields[1]);
    let root = CertificateDer::from(octets(fields[2]));
    let chain: Vec<_> = fields[3]
        .split(',')
        .map(|text| CertificateDer::from(octets(text)))
        .collect();
    let crl = octets(fields[4]);

    let anchor = anchor_from_trusted_cert(&root).map_err(|error| format!("anchor: {error:?}"))?;
    let leaf = EndEntityCert::try_from(&chain[0]).map_err(|error| format!("leaf: {error:?}"))?;
    let lists: Vec<CertRevocationList> = if crl.is_empty() {
        vec![]
    } else {
        vec![BorrowedCertRevocationList::from_der(&crl)
            .map_err(|error| format!("CRL: {error:?}"))?
            .into()]
    };
    let listed: Vec<&CertRevocationList> = lists.iter().collect();
    // Err: there are no lists.
    let revocation = RevocationOptionsBuilder::new(&listed).ok().map(|options| {
        options
            .with_depth(RevocationCheckDepth::EndEntity)
            .with_expiration_policy(ExpirationPolicy::Enforce)
            .build()
    });
    let is_server = purpose == "server";
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &[anchor],
        &chain[1..],
        UnixTime::now(),
        if is_server {
            KeyUsage::server_auth()
        } else {
            KeyUsage::client_auth()
        },
        revocation,
        None,
    )
    .map_err(|error| format!("{error:?}"))?;
    if is_server {
        let name = ServerName::try_from(name).expect("a name");
        leaf.verify_is_valid_for_subject_name(&name)
            .map_err(|error| format!("{error:?}"))?;
    }
    Ok(())
}

fn octets(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hex"))
        .collect()
}

fn version() -> &'static str {
    LOCK.split("name = \"rustls-webpki\"\nversion = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap_or("unknown")
}
