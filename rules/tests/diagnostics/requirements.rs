//! What rules require.

use crate::said;
use insta::assert_snapshot;

#[test]
fn engine_versions_that_are_newer_or_none_are_refused() {
    let with = |version: &str| said(&format!("- required_engine_version: {version}\n"));
    assert_snapshot!(["0", "63", "0.63.0", "0.31.0", "64", "0.63.1", "1.0.0", "new", "0.1", "-1"].map(with).join("\n"));
}

#[test]
fn plugins_that_are_not_built_in_are_refused() {
    let with = |plugins: &str| said(&format!("- required_plugin_versions:{plugins}\n"));
    let cases = [
        "\n  - {name: json, version: 0.7.0}\n  - {name: k8saudit, version: 0.5.0}\n  - {name: container, version: 0.2.0}",
        "\n  - {name: cloudtrail, version: 0.6.0}",
        "\n  - name: okta\n    version: 0.6.0\n    alternatives: [{name: github, version: 0.1.0}]",
        "\n  - name: k8saudit\n    version: 0.6.0\n    alternatives: [{name: k8saudit-eks, version: 0.1.0}]",
        "\n  - name: okta\n    version: 0.6.0\n    alternatives: [{name: json, version: 0.1.0}]",
        "\n  - {name: json, version: newest}",
        "\n  - {name: json}\n  - text",
        " json",
    ];
    assert_snapshot!(cases.map(with).join("\n"));
}
