#include "system/ship/kubernetes.h"

#include <array>
#include <string_view>
#include <utility>
#include <vector>

#include "ground/file_store.h"
#include "system/ship/file_tree.h"
#include "system/ship/manifest_text.h"

namespace millgate {
namespace {

constexpr auto kOnlyPlain = std::to_array<ManifestText>({
    {"kustomization.yaml",
     R"(apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - deployment.yaml
  - service.yaml
  - autoscaler.yaml
  - disruption-budget.yaml
  - network-policy.yaml
)"},
    {"inference-service.yaml",
     R"(# For a cluster with KServe, instead of the others: it makes its own deployment and scaling.
apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: @NAME@
  labels:
    app.kubernetes.io/name: @NAME@
    app.kubernetes.io/managed-by: @MANAGER@
  annotations:
    millgate/model: "@MODEL@"
spec:
  predictor:
    minReplicas: 1
    maxReplicas: 10
    containers:
      - name: kserve-container
        image: "@IMAGE@"
        ports:
          - containerPort: 8080
            protocol: TCP
        readinessProbe:
          httpGet: {path: /v2/health/ready, port: 8080}
        resources:
          requests: {cpu: 100m, memory: 128Mi}
          limits: {memory: 512Mi}
        securityContext:
          allowPrivilegeEscalation: false
          runAsNonRoot: true
          capabilities:
            drop: [ALL]
)"},
});

/// Numbers for a server that answers in microseconds; who needs others edits them, or takes the
/// chart.
std::vector<SlotText> plain_slots(const Package& package, const std::string& image) {
  return {
      {"NAME", package.name},
      {"MODEL", package.model.hex()},
      {"IMAGE", image},
      {"MANAGER", "millgate"},
      {"RESOURCES", "requests: {cpu: 100m, memory: 128Mi}\n            limits: {memory: 512Mi}"},
      {"STATE", "emptyDir: {sizeLimit: 1Gi}"},
      {"SERVICE_TYPE", "ClusterIP"},
      {"SERVICE_PORT", "80"},
      {"EGRESS", "[]"},
      {"REPLICAS_MIN", "2"},
      {"REPLICAS_MAX", "10"},
      {"CPU_PERCENT", "70"},
      {"AVAILABLE_MIN", "1"}};
}

/// As the reference of OCI images has it, without tag and digest.
Status check_repository(const std::string& repository) {
  const size_t last = repository.rfind('/');
  const std::string name = last == std::string::npos ? "" : repository.substr(last + 1);
  const bool plain = repository.find_first_not_of(
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:") ==
                     std::string::npos;
  if (plain && last != 0 && !name.empty() && name.find(':') == std::string::npos) return {};
  return invalid_input("`" + repository + "` is no repository of images",
                       "write REGISTRY/NAME, for example registry.example.org/team/flights: the "
                       "digest is added");
}

}  // namespace

Status check_kubernetes(const std::string& repository, const std::string& folder) {
  MILLGATE_TRY(check_repository(repository));
  return check_empty_folder(folder);
}

Status write_kubernetes(const Package& package, const PulledImage& image,
                        const std::string& folder) {
  MILLGATE_TRY(check_kubernetes(image.repository, folder));
  const std::vector<SlotText> slots =
      plain_slots(package, image.repository + "@sha256:" + image.digest.hex());
  for (const ManifestText& one : cluster_objects()) {
    MILLGATE_TRY(write_file(folder + "/" + std::string(one.file), fill_slots(one.text, slots)));
  }
  for (const ManifestText& one : kOnlyPlain) {
    MILLGATE_TRY(write_file(folder + "/" + std::string(one.file), fill_slots(one.text, slots)));
  }
  return {};
}

}  // namespace millgate
