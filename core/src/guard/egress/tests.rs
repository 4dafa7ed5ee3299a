use super::*;

fn given(answers: &[(&str, &[&str])]) -> Dns {
    let addresses = |list: &[&str]| list.iter().map(|address| address.parse().expect("an address")).collect();
    Dns::Given(answers.iter().map(|(name, list)| ((*name).to_owned(), addresses(list))).collect())
}

async fn rules(url: &str, redirects: &[&str], dns: &Dns) -> Vec<String> {
    let redirects: Vec<String> = redirects.iter().map(|url| (*url).to_owned()).collect();
    let report =
        Egress::new(Vec::new(), Box::new(Vec::new), Audit::new("/nowhere".as_ref())).check(url, &redirects, dns).await;
    assert_eq!(report.verdict == Verdict::Deny, !report.findings.is_empty(), "{report:?}");
    report.findings.into_iter().map(|judged| judged.finding.rule).collect()
}

#[tokio::test]
async fn one_bad_address_is_enough_and_none_is_bad_too() {
    let dns = given(&[
        ("good.example", &["93.184.216.34", "2606:4700::1111"]),
        ("half.example", &["93.184.216.34", "127.0.0.1"]),
        ("none.example", &[]),
    ]);
    assert_eq!(rules("https://good.example/", &[], &dns).await, Vec::<String>::new());
    assert_eq!(rules("https://GOOD.example.:8443/", &[], &dns).await, Vec::<String>::new());
    assert_eq!(rules("https://half.example/", &[], &dns).await, ["url-address"]);
    assert_eq!(rules("https://none.example/", &[], &dns).await, ["url-unresolved"]);
    assert_eq!(rules("https://absent.example/", &[], &dns).await, ["url-unresolved"]);
}

#[tokio::test]
async fn every_hop_counts() {
    let dns = given(&[("good.example", &["93.184.216.34"])]);
    let start = "https://good.example/a";
    assert_eq!(rules(start, &["/b", "c", "//good.example/"], &dns).await, Vec::<String>::new());
    assert_eq!(rules(start, &["/b", "http://[::ffff:10.0.0.1]/"], &dns).await, ["url-address"]);
    assert_eq!(rules(start, &["file:///etc/passwd"], &dns).await, ["url-scheme"]);
    assert_eq!(rules("http://10.0.0.1/", &["https://good.example/"], &dns).await, ["url-address"]);
    assert_eq!(rules(start, &["/b"; REDIRECTS], &dns).await, Vec::<String>::new());
    assert_eq!(rules(start, &["/b"; REDIRECTS + 1], &dns).await, ["url-redirects"]);
}

#[tokio::test]
async fn without_a_scanner_that_must_be_there_nothing_is_fetched() {
    let egress =
        Egress::new(Vec::new(), Box::new(|| vec!["it is not installed".to_owned()]), Audit::new("/nowhere".as_ref()));
    let report = egress.check("http://93.184.216.34/", &[], &Dns::default()).await;
    assert_eq!((report.verdict, report.findings.len()), (Verdict::Deny, 1));
    assert_eq!(report.findings[0].finding.description, "it is not installed");
}
