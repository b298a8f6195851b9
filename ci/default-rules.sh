#!/usr/bin/env bash
# Prints the default rules as one file, as they are installed: words first, then subject by subject. Of several rules that
# match an event the first fires, so the order counts; rules/src/lib.rs has the same.
set -euo pipefail
cd "$(dirname "$0")/../rules/rulesets"
cat words.yaml kernel.yaml credentials.yaml network.yaml containers.yaml persistence.yaml processes.yaml files.yaml
