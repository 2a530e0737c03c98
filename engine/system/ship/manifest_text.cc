#include "system/ship/manifest_text.h"

#include <algorithm>
#include <array>

namespace millgate {
namespace {

// A request costs a few dozen microseconds of one processor, and a server some 60 MB: what a pod
// asks for is small, so that many fit, and its memory has a bound. The autoscaler decides on the
// number of pods: a number here too would set it back each time that the manifest is applied.
constexpr auto kObjects = std::to_array<ManifestText>({
    {"deployment.yaml",
     R"(apiVersion: apps/v1
kind: Deployment
metadata:
  name: @NAME@
  labels: &labels
    app.kubernetes.io/name: @NAME@
    app.kubernetes.io/managed-by: @MANAGER@
  annotations:
    millgate/model: "@MODEL@"
spec:
@REPLICAS@  selector:
    matchLabels:
      app.kubernetes.io/name: @NAME@
  strategy:
    rollingUpdate:
      maxUnavailable: 0
  template:
    metadata:
      labels: *labels
@POD_ANNOTATIONS@    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
@POD_PLACE@      securityContext:
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
              app.kubernetes.io/name: @NAME@
      containers:
        - name: server
          image: "@IMAGE@"
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
            @RESOURCES@
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
          @STATE@
        - name: tmp
          emptyDir: {sizeLimit: 64Mi}
)"},
    {"service.yaml",
     R"(apiVersion: v1
kind: Service
metadata:
  name: @NAME@
  labels:
    app.kubernetes.io/name: @NAME@
    app.kubernetes.io/managed-by: @MANAGER@
spec:
  type: @SERVICE_TYPE@
  selector:
    app.kubernetes.io/name: @NAME@
  ports:
    - name: http
      port: @SERVICE_PORT@
      targetPort: http
)"},
    {"autoscaler.yaml",
     R"(apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: @NAME@
  labels:
    app.kubernetes.io/name: @NAME@
    app.kubernetes.io/managed-by: @MANAGER@
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: @NAME@
  minReplicas: @REPLICAS_MIN@
  maxReplicas: @REPLICAS_MAX@
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: @CPU_PERCENT@
)"},
    {"disruption-budget.yaml",
     R"(apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: @NAME@
  labels:
    app.kubernetes.io/name: @NAME@
    app.kubernetes.io/managed-by: @MANAGER@
spec:
  minAvailable: @AVAILABLE_MIN@
  selector:
    matchLabels:
      app.kubernetes.io/name: @NAME@
)"},
    {"network-policy.yaml",
     R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: @NAME@
  labels:
    app.kubernetes.io/name: @NAME@
    app.kubernetes.io/managed-by: @MANAGER@
spec:
  podSelector:
    matchLabels:
      app.kubernetes.io/name: @NAME@
  policyTypes: [Ingress, Egress]
  ingress:
    - ports:
        - protocol: TCP
          port: http
@INGRESS_FROM@  egress: @EGRESS@
)"},
});

}  // namespace

std::span<const ManifestText> cluster_objects() { return kObjects; }

std::string fill_slots(std::string_view text, std::span<const SlotText> slots) {
  std::string filled;
  size_t at = 0;
  for (size_t begin = text.find('@'); begin != std::string_view::npos; begin = text.find('@', at)) {
    filled += text.substr(at, begin - at);
    const size_t end = text.find('@', begin + 1);
    const std::string_view name = text.substr(begin + 1, end - begin - 1);
    const auto found = std::find_if(slots.begin(), slots.end(),
                                    [name](const SlotText& one) { return one.slot == name; });
    if (found != slots.end()) filled += found->text;
    at = end + 1;
  }
  filled += text.substr(at);
  return filled;
}

}  // namespace millgate
