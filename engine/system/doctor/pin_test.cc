#include "system/doctor/pin.h"

#include <gmock/gmock.h>

namespace millgate {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kDigest = "@sha256:" + std::string(64, 'a');
const std::string kCommit = "@" + std::string(40, 'b');

std::vector<std::string> told(const std::string& path, const std::string& text) {
  std::vector<std::string> places;
  for (const Unpinned& one : find_unpinned(path, text)) {
    places.push_back(std::to_string(one.line) + " " + one.reference);
  }
  return places;
}

TEST(Pin, Dockerfiles) {
  EXPECT_THAT(told("deploy/Dockerfile",
                   "# a comment\nARG BASE=debian:12\nFROM ${BASE} AS build\n"
                   "FROM --platform=linux/amd64 python:3" +
                       kDigest +
                       " AS run\nCOPY --from=build /x /x\n"
                       "COPY --from=nginx:1 /y /y\nCOPY --from=0 /z /z\n"
                       "FROM scratch\nfrom build\nFROM $UNKNOWN\n"),
              ElementsAre("3 debian:12", "6 nginx:1"));
  EXPECT_THAT(told("Dockerfile.gpu", "FROM cuda:12\n"), ElementsAre("1 cuda:12"));
  EXPECT_THAT(told("Dockerfile", "FROM x@sha256:abc\n"), ElementsAre("1 x@sha256:abc"));
}

TEST(Pin, WorkflowsOfGithub) {
  EXPECT_THAT(
      told(".github/workflows/ci.yml",
           "jobs:\n  a:\n    container: node:20\n    services:\n      db:\n"
           "        image: postgres:16  # the database\n    steps:\n"
           "      - uses: actions/checkout@v4\n      - uses: ./local\n"
           "      - uses: \"actions/cache" +
               kCommit +
               "\" # v4\n"
               "      - name: x\n        uses: docker://alpine:3\n"
               "      - run: |\n          echo 'image: not:this'\n          uses: nor/that@v1\n"
               "      - uses: a/b/c@main\n"),
      ElementsAre("3 node:20", "6 postgres:16", "8 actions/checkout@v4", "12 docker://alpine:3",
                  "16 a/b/c@main"));
}

TEST(Pin, GitlabAndCompose) {
  EXPECT_THAT(told(".gitlab-ci.yml",
                   "image:\n  name: python:3\n  entrypoint: ['']\na:\n"
                   "  image: \"$CI_IMAGE\"\n  services:\n    - redis:7\n"
                   "    - name: postgres" +
                       kDigest +
                       "\n    - name: kafka:3\n"
                       "      alias: k\nb:\n  image: $CI_REGISTRY_IMAGE:latest\n"),
              ElementsAre("2 python:3", "7 redis:7", "9 kafka:3", "12 $CI_REGISTRY_IMAGE:latest"));
  EXPECT_THAT(told("compose.yaml",
                   "services:\n  own:\n    image: mine:dev\n    build: .\n"
                   "  also:\n    build: .\n    image: mine:too\n"
                   "  db:\n    image: postgres:16\n"),
              ElementsAre("9 postgres:16"));
}

TEST(Pin, KubernetesByWhatTheyAre) {
  const std::string pod =
      "apiVersion: v1\nkind: Pod\nspec:\n  containers:\n    - name: a\n"
      "      image: nginx\n    - image: busybox" +
      kDigest + "\n      name: b\n    - image: {{ .Values.image }}\n";
  EXPECT_THAT(told("k8s/pod.yaml", pod), ElementsAre("6 nginx"));
  EXPECT_THAT(told("settings.yaml", "image: nginx\n"), IsEmpty());
  EXPECT_THAT(told("README.md", pod), IsEmpty());
}

}  // namespace
}  // namespace millgate
