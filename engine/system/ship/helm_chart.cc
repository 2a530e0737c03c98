#include "system/ship/helm_chart.h"

#include <array>
#include <vector>

#include "ground/file_store.h"
#include "ground/json.h"
#include "system/ship/manifest_text.h"

namespace millgate {
namespace {

constexpr auto kChart = std::to_array<ManifestText>({
    {"Chart.yaml",
     R"(apiVersion: v2
name: @NAME@
description: @DESCRIPTION@
type: application
version: 1.@EVENT@.0
appVersion: "@MODEL_BRIEF@"
kubeVersion: ">=1.23.0-0"
annotations:
  millgate/model: "@MODEL@"
  millgate/package: "@PACKAGE@"
)"},
    {"values.yaml",
     R"(# The name of all objects; that of the release by default.
nameOverride: ""

image:
  repository: "@REPOSITORY@"
  # What was packed, and nothing else: there is no tag that could be moved.
  digest: "@DIGEST@"
  # Names of secrets, each as {name: ...}.
  pullSecrets: []

# Only where autoscaling is off.
replicas: 2

autoscaling:
  enabled: true
  replicasMin: 2
  replicasMax: 10
  # Of the processor time that a pod asks for.
  cpuPercent: 70

disruptionBudget:
  enabled: true
  availableMin: 1

service:
  type: ClusterIP
  port: 80

networkPolicy:
  enabled: true
  # Who may ask for predictions, as peers of a NetworkPolicy; empty: everybody.
  from: []
  # What pods may reach; empty: nothing.
  egress: []

resources:
  requests: {cpu: 100m, memory: 128Mi}
  limits: {memory: 512Mi}

# What was predicted. Without a claim it is gone with the pod; several pods share a claim, which must then
# be ReadWriteMany.
state:
  claim: ""
  sizeLimit: 1Gi

podAnnotations: {}
nodeSelector: {}
tolerations: []
affinity: {}
)"},
    {"values.schema.json",
     R"({
  "$schema": "http://json-schema.org/draft-07/schema#",
  "type": "object",
  "additionalProperties": false,
  "required": ["image"],
  "properties": {
    "global": {"type": "object"},
    "nameOverride": {"type": "string", "maxLength": 50},
    "image": {
      "type": "object",
      "additionalProperties": false,
      "required": ["repository", "digest"],
      "properties": {
        "repository": {"type": "string", "pattern": "^[a-zA-Z0-9._:/-]*[a-zA-Z0-9._-]+$"},
        "digest": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
        "pullSecrets": {
          "type": "array",
          "items": {
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "properties": {"name": {"type": "string"}}
          }
        }
      }
    },
    "replicas": {"type": "integer", "minimum": 0},
    "autoscaling": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "enabled": {"type": "boolean"},
        "replicasMin": {"type": "integer", "minimum": 1},
        "replicasMax": {"type": "integer", "minimum": 1},
        "cpuPercent": {"type": "integer", "minimum": 1}
      }
    },
    "disruptionBudget": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "enabled": {"type": "boolean"},
        "availableMin": {"type": ["integer", "string"]}
      }
    },
    "service": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "type": {"enum": ["ClusterIP", "NodePort", "LoadBalancer"]},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535}
      }
    },
    "networkPolicy": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "enabled": {"type": "boolean"},
        "from": {"type": "array", "items": {"type": "object"}},
        "egress": {"type": "array", "items": {"type": "object"}}
      }
    },
    "resources": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "requests": {"type": "object"},
        "limits": {"type": "object"}
      }
    },
    "state": {
      "type": "object",
      "additionalProperties": false,
      "properties": {
        "claim": {"type": "string"},
        "sizeLimit": {"type": "string"}
      }
    },
    "podAnnotations": {"type": "object", "additionalProperties": {"type": "string"}},
    "nodeSelector": {"type": "object", "additionalProperties": {"type": "string"}},
    "tolerations": {"type": "array", "items": {"type": "object"}},
    "affinity": {"type": "object"}
  }
}
)"},
    {"templates/_name.tpl",
     R"({{- define "@NAME@.name" -}}
{{- .Values.nameOverride | default .Release.Name | replace "." "-" | trunc 50 | trimSuffix "-" -}}
{{- end -}}
)"},
    {"templates/NOTES.txt",
     R"({{ include "@NAME@.name" . }} serves model @MODEL_BRIEF@. To ask it from here:

  kubectl --namespace {{ .Release.Namespace }} port-forward \
    service/{{ include "@NAME@.name" . }} 8080:{{ .Values.service.port }}
  curl localhost:8080/health/ready
)"},
});

/// What Helm fills in, where a manifest has a number.
std::vector<SlotText> helm_slots(const Package& package) {
  return {{"NAME", "{{ include \"" + package.name + ".name\" . | quote }}"},
          {"MODEL", package.model.hex()},
          {"IMAGE", "{{ .Values.image.repository }}@{{ .Values.image.digest }}"},
          {"MANAGER", "{{ .Release.Service }}"},
          {"REPLICAS", R"(  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
)"},
          {"POD_ANNOTATIONS", R"(      {{- with .Values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
)"},
          {"POD_PLACE", R"(      {{- with .Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .Values.affinity }}
      affinity:
        {{- toYaml . | nindent 8 }}
      {{- end }}
)"},
          {"RESOURCES", "{{- toYaml .Values.resources | nindent 12 }}"},
          {"STATE", R"({{- with .Values.state.claim }}
          persistentVolumeClaim: {claimName: {{ . | quote }}}
          {{- else }}
          emptyDir: {sizeLimit: {{ .Values.state.sizeLimit }}}
          {{- end }})"},
          {"SERVICE_TYPE", "{{ .Values.service.type }}"},
          {"SERVICE_PORT", "{{ .Values.service.port }}"},
          {"REPLICAS_MIN", "{{ .Values.autoscaling.replicasMin }}"},
          {"REPLICAS_MAX", "{{ .Values.autoscaling.replicasMax }}"},
          {"CPU_PERCENT", "{{ .Values.autoscaling.cpuPercent }}"},
          {"AVAILABLE_MIN", "{{ .Values.disruptionBudget.availableMin }}"},
          {"INGRESS_FROM", R"(      {{- with .Values.networkPolicy.from }}
      from:
        {{- toYaml . | nindent 8 }}
      {{- end }}
)"},
          {"EGRESS", "{{- toYaml .Values.networkPolicy.egress | nindent 4 }}"}};
}

/// The value that leaves a manifest out; empty for those that are always there.
std::string switch_of(std::string_view file) {
  if (file == "autoscaler.yaml") return "autoscaling";
  if (file == "disruption-budget.yaml") return "disruptionBudget";
  if (file == "network-policy.yaml") return "networkPolicy";
  return "";
}

}  // namespace

Status write_helm_chart(const Package& package, const PulledImage& image,
                        const std::string& folder) {
  MILLGATE_TRY(check_kubernetes(image.repository, folder));
  const std::vector<SlotText> about = {{"NAME", package.name},
                                       {"DESCRIPTION", dump_json(Json(package.description))},
                                       {"EVENT", std::to_string(package.release.since_event)},
                                       {"MODEL", package.model.hex()},
                                       {"MODEL_BRIEF", package.model.brief()},
                                       {"PACKAGE", package.id.hex()},
                                       {"REPOSITORY", image.repository},
                                       {"DIGEST", "sha256:" + image.digest.hex()}};
  for (const ManifestText& one : kChart) {
    MILLGATE_TRY(write_file(folder + "/" + std::string(one.file), fill_slots(one.text, about)));
  }
  const std::vector<SlotText> slots = helm_slots(package);
  for (const ManifestText& one : cluster_objects()) {
    std::string text = fill_slots(one.text, slots);
    if (const std::string name = switch_of(one.file); !name.empty()) {
      text = "{{- if .Values." + name + ".enabled }}\n" + text + "{{- end }}\n";
    }
    MILLGATE_TRY(write_file(folder + "/templates/" + std::string(one.file), text));
  }
  return {};
}

}  // namespace millgate
