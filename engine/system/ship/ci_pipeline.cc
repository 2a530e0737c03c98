#include "system/ship/ci_pipeline.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>

#include "ground/file_store.h"
#include "ground/nearest_name.h"

namespace millgate {

namespace {

struct CiPipeline {
  std::string_view server;
  std::string_view path;  ///< Where that server looks for it, from the top of the repository on.
  std::string_view text;
};

constexpr std::string_view kGithub = R"YAML(# Tries every change, and releases what was merged.
# Variables of the repository (Settings, Actions, Variables):
#   MILLGATE_PACKAGE  what pip installs: the address of the wheel, with #sha256=... behind it
#   MILLGATE_BACKUPS  where `millgate backup` keeps the project: s3://BUCKET/FOLDER
# Secrets: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, for the bucket.
name: millgate
on:
  pull_request:
  push:
    branches: [main]
permissions:
  contents: read
  pull-requests: write    # the comparison, as a comment
  security-events: write  # unmet requirements, as code scanning alerts
# One release after the other: each goes on from the state that the one before left.
concurrency:
  group: millgate-${{ github.ref }}
jobs:
  millgate:
    runs-on: ubuntu-24.04
    env:
      MILLGATE_PACKAGE: ${{ vars.MILLGATE_PACKAGE }}
      MILLGATE_BACKUPS: ${{ vars.MILLGATE_BACKUPS }}
      AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}
      AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}
    steps:
      - uses: actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683 # v4.2.2
        with:
          fetch-depth: 0 # doctor looks for secrets in older commits too
      - name: Install
        run: python3 -m pip install "$MILLGATE_PACKAGE"
      - name: Bring the state of the project
        run: |
          millgate restore "$MILLGATE_BACKUPS" .restored
          mv .restored/.millgate .millgate && rm -r .restored
      - name: Doctor
        run: millgate doctor
      - name: Check the data
        run: millgate check
      - name: Test the features
        run: millgate test
      - name: Smoke run
        run: millgate run --smoke
      - name: Train
        run: millgate run
      - name: Gate
        run: millgate gate latest --markdown gate.md --junit gate.xml --sarif gate.sarif
      - name: Compare with what serves
        if: ${{ !cancelled() && hashFiles('gate.md') != '' }}
        run: |
          { cat gate.md; printf '\n### What serves now, and this model\n\n```\n'
            millgate compare serving latest || echo nothing serves yet; echo '```'; } > comparison.md
          cat comparison.md >> "$GITHUB_STEP_SUMMARY"
      - name: Comment
        if: ${{ !cancelled() && github.event_name == 'pull_request' && hashFiles('comparison.md') != '' }}
        env:
          GH_TOKEN: ${{ github.token }}
          PULL_REQUEST: ${{ github.event.pull_request.number }}
        run: gh pr comment "$PULL_REQUEST" --edit-last --create-if-none --body-file comparison.md
      - uses: github/codeql-action/upload-sarif@ff0a06e83cb2de871e5a09832bc6a81e7276941f # v3.28.18
        if: ${{ !cancelled() && hashFiles('gate.sarif') != '' }}
        with:
          sarif_file: gate.sarif
      - uses: actions/upload-artifact@ea165f8d65b6e75b540449e92b4886f43607fa02 # v4.6.2
        if: ${{ !cancelled() }}
        with:
          name: gate
          path: |
            comparison.md
            gate.xml
            gate.sarif
      - name: Release
        if: ${{ github.event_name == 'push' }}
        run: |
          # A merge that left the model as it is has nothing to release.
          millgate release latest --json > release.json || grep -q "serves already, since" release.json
          cat release.json
          millgate backup "$MILLGATE_BACKUPS"
)YAML";

constexpr std::string_view kGitlab = R"YAML(# Tries every change, and releases what was merged.
# Variables of the project (Settings, CI/CD, Variables):
#   MILLGATE_PACKAGE  what pip installs: the address of the wheel, with #sha256=... behind it
#   MILLGATE_BACKUPS  where `millgate backup` keeps the project: s3://BUCKET/FOLDER
#   AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY  for the bucket; masked
image: python:3.12-slim-bookworm@sha256:782412e85d0f0984994c290652577d4018aff08145c85b262bb63dc0c7522254

variables:
  GIT_DEPTH: "0" # doctor looks for secrets in older commits too

.millgate:
  before_script:
    - apt-get update && apt-get install -y --no-install-recommends git ca-certificates
    - python3 -m pip install "$MILLGATE_PACKAGE"
    - millgate restore "$MILLGATE_BACKUPS" .restored
    - mv .restored/.millgate .millgate && rm -r .restored
  script:
    - millgate doctor
    - millgate check
    - millgate test
    - millgate run --smoke
    - millgate run
    - millgate gate latest --markdown gate.md --junit gate.xml --sarif gate.sarif
  after_script:
    - |
      if [ -e gate.md ]; then
        { cat gate.md; printf '\n### What serves now, and this model\n\n```\n'
          millgate compare serving latest || echo nothing serves yet; echo '```'; } > comparison.md
      fi
  artifacts:
    when: always
    expose_as: comparison with what serves
    paths: [comparison.md, gate.sarif]
    reports:
      junit: gate.xml

try:
  extends: .millgate
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"

release:
  extends: .millgate
  # One release after the other: each goes on from the state that the one before left.
  resource_group: release
  rules:
    - if: $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH
  script:
    - !reference [.millgate, script]
    # A merge that left the model as it is has nothing to release.
    - millgate release latest --json > release.json || grep -q "serves already, since" release.json
    - cat release.json
    - millgate backup "$MILLGATE_BACKUPS"
)YAML";

constexpr std::array kPipelines = {
    CiPipeline{"github", ".github/workflows/millgate.yml", kGithub},
    CiPipeline{"gitlab", ".gitlab-ci.yml", kGitlab},
};

}  // namespace

std::vector<std::string> ci_servers() {
  std::vector<std::string> names;
  names.reserve(kPipelines.size());
  for (const CiPipeline& one : kPipelines) names.emplace_back(one.server);
  return names;
}

Result<std::string> write_ci_pipeline(const std::string& folder, const std::string& server) {
  const auto* found = std::find_if(kPipelines.begin(), kPipelines.end(),
                                   [&](const CiPipeline& one) { return one.server == server; });
  if (found == kPipelines.end()) {
    return not_found("there is no pipeline for `" + server + "`", name_hint(server, ci_servers()));
  }
  const std::string path = (std::filesystem::path(folder) / found->path).string();
  std::error_code failure;
  if (std::filesystem::exists(path, failure)) {
    return Error{.code = ErrorCode::conflict,
                 .what = "`" + path + "` is there already",
                 .hint = "move it away to have it written anew; nothing was changed"};
  }
  MILLGATE_TRY(write_file(path, found->text));
  return path;
}

}  // namespace millgate
