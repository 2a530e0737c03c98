#include "system/ship/kubernetes.h"

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "ground/file_store.h"

namespace millgate {
namespace {

namespace fs = std::filesystem;

struct NamedText {
  std::string_view file;
  std::string_view text;
};

// NAME, MODEL and IMAGE are filled in. A request costs a few dozen microseconds of one processor,
// and a server some 60 MB: what a pod asks for is small, so that many fit, and its memory has a
// bound.
constexpr auto kManifests = std::to_array<NamedText>({
    {"deployment.yaml",
     R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: NAME
  labels: &labels
    app.kubernetes.io/name: NAME
    app.kubernetes.io/managed-by: millgate
  annotations:
    millgate/model: "MODEL"
spec:
  replicas: 2
  selector:
    matchLabels:
      app.kubernetes.io/name: NAME
  strategy:
    rollingUpdate:
      maxUnavailable: 0
  template:
    metadata:
      labels: *labels
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        runAsNonRoot: true
        runAsUser: 65532
        runAsGroup: 65532
        fsGroup: 65532
        seccompProfile:
          type: RuntimeDefault
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              app.kubernetes.io/name: NAME
      containers:
        - name: server
          image: "IMAGE"
          ports:
            - name: http
              containerPort: 8080
          startupProbe:
            httpGet: {path: /health/ready, port: http}
            periodSeconds: 1
            failureThreshold: 30
          readinessProbe:
            httpGet: {path: /health/ready, port: http}
            periodSeconds: 5
          livenessProbe:
            httpGet: {path: /health/live, port: http}
            periodSeconds: 10
          resources:
            requests: {cpu: 100m, memory: 128Mi}
            limits: {memory: 512Mi}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop: [ALL]
          volumeMounts:
            - {name: state, mountPath: /var/lib/millgate}
            - {name: tmp, mountPath: /tmp}
      volumes:
        # What was predicted is gone with the pod: give it a claim to keep it.
        - name: state
          emptyDir: {sizeLimit: 1Gi}
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
)"},
    {"service.yaml",
     R"(apiVersion: v1
kind: Service
metadata:
  name: NAME
  labels:
    app.kubernetes.io/name: NAME
    app.kubernetes.io/managed-by: millgate
spec:
  selector:
    app.kubernetes.io/name: NAME
  ports:
    - name: http
      port: 80
      targetPort: http
)"},
    {"autoscaler.yaml",
     R"(apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: NAME
  labels:
    app.kubernetes.io/name: NAME
    app.kubernetes.io/managed-by: millgate
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: NAME
  minReplicas: 2
  maxReplicas: 10
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: 70
)"},
    {"disruption-budget.yaml",
     R"(apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: NAME
  labels:
    app.kubernetes.io/name: NAME
    app.kubernetes.io/managed-by: millgate
spec:
  minAvailable: 1
  selector:
    matchLabels:
      app.kubernetes.io/name: NAME
)"},
    {"network-policy.yaml",
     R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: NAME
  labels:
    app.kubernetes.io/name: NAME
    app.kubernetes.io/managed-by: millgate
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: NAME
  policyTypes: [Ingress, Egress]
  ingress:
    - ports:
        - protocol: TCP
          port: http
  egress: []
)"},
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
  name: NAME
  labels:
    app.kubernetes.io/name: NAME
    app.kubernetes.io/managed-by: millgate
  annotations:
    millgate/model: "MODEL"
spec:
  predictor:
    minReplicas: 1
    maxReplicas: 10
    containers:
      - name: kserve-container
        image: "IMAGE"
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

/// Every `word` in `text` becomes `value`.
std::string filled(std::string text, std::string_view word, const std::string& value) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at)) {
    text.replace(at, word.size(), value);
    at += value.size();
  }
  return text;
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
  std::error_code failure;
  if (!fs::exists(folder, failure) || fs::is_empty(folder, failure)) return {};
  Error error = invalid_input("`" + folder + "` is not empty", "name a folder that is not there");
  error.code = ErrorCode::conflict;
  return error;
}

Status write_kubernetes(const Package& package, const PulledImage& image,
                        const std::string& folder) {
  MILLGATE_TRY(check_kubernetes(image.repository, folder));
  const std::string reference = image.repository + "@sha256:" + image.digest.hex();
  for (const NamedText& one : kManifests) {
    std::string text = filled(std::string(one.text), "NAME", package.name);
    text = filled(std::move(text), "MODEL", package.model.hex());
    text = filled(std::move(text), "IMAGE", reference);
    MILLGATE_TRY(write_file(folder + "/" + std::string(one.file), text));
  }
  return {};
}

}  // namespace millgate
