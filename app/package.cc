#include <chrono>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/output_file.h"
#include "app/text_table.h"
#include "ground/file_store.h"
#include "model/release/gate.h"
#include "model/release/model_name.h"
#include "system/monitor/wording.h"
#include "system/serve/client.h"
#include "system/ship/file_tree.h"
#include "system/ship/grafana_dashboard.h"
#include "system/ship/helm_chart.h"
#include "system/ship/kubernetes.h"
#include "system/ship/oci_image.h"
#include "system/ship/package.h"
#include "system/ship/prometheus_rules.h"

namespace millgate {

namespace {

struct Options {
  std::string model = "serving";
  std::string tar;
  std::string oci;
  std::string kubernetes;
  std::string helm;
  std::string monitoring;
  std::string image;  ///< Where a cluster pulls it, without digest.
  std::string sign;   ///< File of the key.
  std::string verify;
  std::string signers;  ///< File of those who may have signed.
  std::string probe;
  bool force = false;
};

/// What is live, by the name of a model; only the gate opens the way, also out of the house.
Result<Serving> find_live(const Ledger& ledger, const std::string& name) {
  MILLGATE_ASSIGN(const Id model, resolve_model(ledger, name));
  MILLGATE_ASSIGN(const std::vector<Serving> live, live_everywhere(ledger));
  // The last environment is behind the others, and counts first.
  for (auto one = live.rbegin(); one != live.rend(); ++one) {
    if (one->model == model) return *one;
  }
  Error error = invalid_input("model " + model.brief() + " is live nowhere, so it is not packed",
                              "release it with `millgate release " + model.brief() + "`");
  error.code = ErrorCode::refused;
  return error;
}

/// What the verdict that opened the way says about the latency of `live`.
Result<std::vector<LatencyLimit>> latency_limits(const Ledger& ledger, const Serving& live) {
  MILLGATE_ASSIGN(const std::optional<Verdict> verdict,
                  find_verdict(ledger, live.model, live.environment));
  std::vector<LatencyLimit> limits;
  if (!verdict) return limits;
  for (const Judgement& judgement : verdict->judgements()) {
    const Requirement& requirement = judgement.requirement;
    if (requirement.bound != Bound::at_most || !requirement.slice.empty()) continue;
    if (requirement.metric == "latency_ms_p50") limits.push_back({0.5, requirement.limit / 1e3});
    if (requirement.metric == "latency_ms_p99") limits.push_back({0.99, requirement.limit / 1e3});
  }
  return limits;
}

/// Writes what watches the servers of the model.
Status write_monitoring(const Repository& repository, const Serving& live,
                        const std::string& folder) {
  MILLGATE_ASSIGN(const std::shared_ptr<const Model> model,
                  Model::load(repository.objects(), live.model));
  WatchedModel watched{.name = model->manifest().project};
  MILLGATE_ASSIGN(watched.latency, latency_limits(repository.ledger(), live));
  MILLGATE_TRY(write_file(folder + "/grafana.json", grafana_dashboard(watched)));
  return write_file(folder + "/prometheus-rules.yaml", prometheus_rules(watched));
}

void tell_monitoring(const std::string& folder) {
  std::cout << folder << ": import grafana.json in Grafana, and name prometheus-rules.yaml in the "
            << "`rule_files` of Prometheus\n";
}

Result<int> pack(const Session& session, const Options& options) {
  if (!options.tar.empty()) MILLGATE_TRY(check_free(options.tar, options.force));
  for (const std::string& folder : {options.kubernetes, options.helm}) {
    if (!folder.empty()) MILLGATE_TRY(check_kubernetes(options.image, folder));
  }
  if (!options.monitoring.empty()) MILLGATE_TRY(check_empty_folder(options.monitoring));
  MILLGATE_ASSIGN(const std::shared_ptr<Repository> repository, open_repository(session));
  MILLGATE_ASSIGN(const Serving live, find_live(repository->ledger(), options.model));
  if (!options.monitoring.empty()) {
    MILLGATE_TRY(write_monitoring(*repository, live, options.monitoring));
  }
  if (options.tar.empty() && options.oci.empty()) {
    if (session.json) {
      print_json({{"model", live.model.hex()}, {"monitoring", options.monitoring}});
    } else {
      tell_monitoring(options.monitoring);
    }
    return kDone;
  }
  MILLGATE_ASSIGN(Package package, make_package(repository->objects(), live));
  if (!options.sign.empty()) MILLGATE_TRY(sign_package(package, options.sign));
  std::optional<OciImage> image;
  if (!options.oci.empty()) {
    MILLGATE_ASSIGN(image, write_oci_image(package, options.oci));
  }
  if (!options.kubernetes.empty()) {
    MILLGATE_TRY(write_kubernetes(package, {options.image, image->manifest}, options.kubernetes));
  }
  if (!options.helm.empty()) {
    MILLGATE_TRY(write_helm_chart(package, {options.image, image->manifest}, options.helm));
  }
  if (!options.tar.empty()) MILLGATE_TRY(write_file(options.tar, package_tar(package)));
  if (session.json) {
    Json json = {{"model", package.model.hex()},
                 {"name", package.name},
                 {"package", package.id.hex()},
                 {"signed", !options.sign.empty()},
                 {"size_bytes", package.files.size_bytes()},
                 {"tar", options.tar.empty() ? Json() : Json(options.tar)},
                 {"kubernetes", options.kubernetes.empty() ? Json() : Json(options.kubernetes)},
                 {"helm", options.helm.empty() ? Json() : Json(options.helm)},
                 {"monitoring", options.monitoring.empty() ? Json() : Json(options.monitoring)},
                 {"oci", Json()}};
    if (image) {
      json["oci"] = {{"folder", options.oci},
                     {"tag", image->tag},
                     {"digest", "sha256:" + image->manifest.hex()},
                     {"unpacked_bytes", image->unpacked_bytes}};
    }
    print_json(json);
    return kDone;
  }
  std::cout << package.name << " " << package.model.brief() << " as package " << package.id.brief()
            << ", " << byte_size(package.files.size_bytes()) << '\n';
  if (!options.tar.empty()) {
    std::cout << options.tar << ": unpack it in /opt, then `systemctl enable --now /opt/"
              << package.name << '/' << package.name << ".service`\n";
  }
  if (image) {
    std::cout << options.oci << ": image " << image->tag << ", sha256:" << image->manifest.hex()
              << "\n  skopeo copy oci:" << options.oci << ":" << image->tag << " docker://"
              << (options.image.empty() ? "REGISTRY/" + package.name : options.image) << ":"
              << image->tag << '\n';
  }
  if (!options.kubernetes.empty()) {
    std::cout << options.kubernetes << ": `kubectl apply -k " << options.kubernetes
              << "` once the image is pushed\n";
  }
  if (!options.helm.empty()) {
    std::cout << options.helm << ": `helm upgrade --install " << package.name << " " << options.helm
              << "` once the image is pushed\n";
  }
  if (!options.monitoring.empty()) tell_monitoring(options.monitoring);
  return kDone;
}

Result<int> verify(const Session& session, const Options& options) {
  const std::string& folder = options.verify;
  std::string signer;
  if (!options.signers.empty()) {
    MILLGATE_ASSIGN(signer, package_signer(folder, options.signers));
  }
  MILLGATE_ASSIGN(const std::vector<PackageFault> faults, verify_package(folder));
  if (session.json) {
    Json list = Json::array();
    for (const PackageFault& one : faults) {
      list.push_back({{"path", one.path}, {"fault", one.fault}});
    }
    print_json({{"folder", folder},
                {"whole", faults.empty()},
                {"faults", list},
                {"signer", signer.empty() ? Json() : Json(signer)}});
    return faults.empty() ? kDone : kAnswerIsNo;
  }
  for (const PackageFault& one : faults) std::cout << one.path << ": " << one.fault << '\n';
  if (faults.empty()) {
    std::cout << "the package in " << folder << " is whole"
              << (signer.empty() ? "" : " and signed by " + signer) << '\n';
  } else {
    std::cerr << "hint: unpack the package again\n";
  }
  return faults.empty() ? kDone : kAnswerIsNo;
}

/// For the health check of an image, in which there is no curl.
Result<int> probe(const std::string& url) {
  MILLGATE_ASSIGN(HttpClient client, HttpClient::open(url, std::chrono::seconds(2)));
  MILLGATE_ASSIGN(const HttpAnswer answer, client.get("/health/ready"));
  std::cout << answer.body << '\n';
  return answer.status == 200 ? kDone : kAnswerIsNo;
}

Result<int> package(const Session& session, const Options& options) {
  const bool packs = !options.tar.empty() || !options.oci.empty() || !options.monitoring.empty();
  const int asked =
      (packs ? 1 : 0) + (options.verify.empty() ? 0 : 1) + (options.probe.empty() ? 0 : 1);
  if (asked != 1) {
    return invalid_input(asked == 0 ? "there is nothing to write to" : "these are several calls",
                         "millgate package " + options.model + " --tar FILE --oci FOLDER, or " +
                             "--verify FOLDER, or --probe URL");
  }
  if (!options.verify.empty()) return verify(session, options);
  if (!options.probe.empty()) return probe(options.probe);
  return pack(session, options);
}

}  // namespace

void add_package(const Command& program, Session& session) {
  auto options = std::make_shared<Options>();
  const Command command = program.add_command(
      "package", "a model that is live with the program that serves it, for another machine",
      "millgate package --tar flights.tar --oci image\n"
      "  millgate package --verify /opt/flights");
  command.add_option("model", options->model, "id, version, alias or environment; it must be live")
      .shows_default();
  command.add_option("--tar", options->tar,
                     "a tar with program, libraries, model, systemd unit, checksums and bill of "
                     "materials");
  Parameter oci = command.add_option("--oci", options->oci,
                                     "the same as an OCI image layout in this folder, for any "
                                     "container engine");
  Parameter image = command.add_option("--image", options->image,
                                       "with --oci: where it will be pulled from, without tag, for "
                                       "example registry.example.org/team/flights");
  image.needs(oci);
  command
      .add_option("--kubernetes", options->kubernetes,
                  "with --image: manifests for a cluster, in this folder, the image by its digest")
      .needs(image);
  command
      .add_option("--helm", options->helm,
                  "with --image: the same as a Helm chart in this folder, with values to choose")
      .needs(image);
  command.add_option("--monitoring", options->monitoring,
                     "a dashboard of Grafana and rules of Prometheus in this folder, with the "
                     "limits of the model's requirements");
  command.add_option("--sign", options->sign,
                     "sign the checksums with the SSH key in this file; the signature goes along");
  command.add_flag("--force", options->force, "write over the tar that is there");
  Parameter verify =
      command.add_option("--verify", options->verify,
                         "instead, compare the unpacked package in this folder with its checksums; "
                         "exit code 1 where it is damaged");
  command
      .add_option(
          "--signers", options->signers,
          "with --verify: who may have signed it, a file of allowed signers as ssh-keygen(1) "
          "has it; exit code 1 where nobody of them did")
      .needs(verify);
  command.add_option("--probe", options->probe,
                     "instead, ask a server whether it is ready; exit code 1 where not");
  command.does([&session, options] { return package(session, *options); });
}

}  // namespace millgate
