#include "system/ship/systemd_unit.h"

namespace millgate {

std::string start_command(const std::string& folder, const std::string& loader) {
  return folder + "/lib/" + loader + " --library-path " + folder + "/lib " + folder +
         "/bin/millgate";
}

std::string systemd_unit(const std::string& name, const std::string& loader) {
  const std::string folder = "/opt/" + name;
  const std::string start = start_command(folder, loader);
  return "[Unit]\n"
         "Description=Predictions of " +
         name +
         "\n"
         "After=network.target\n"
         "\n"
         "[Service]\n"
         "ExecStartPre=" +
         start + " package --verify " + folder +
         "\n"
         "ExecStart=" +
         start + " serve --package " + folder + " --state %S/" + name +
         "\n"
         "Restart=on-failure\n"
         "DynamicUser=yes\n"
         "StateDirectory=" +
         name +
         "\n"
         "# What a server of predictions never needs.\n"
         "CapabilityBoundingSet=\n"
         "LockPersonality=yes\n"
         "MemoryDenyWriteExecute=yes\n"
         "NoNewPrivileges=yes\n"
         "PrivateDevices=yes\n"
         "PrivateTmp=yes\n"
         "PrivateUsers=yes\n"
         "ProcSubset=pid\n"
         "ProtectClock=yes\n"
         "ProtectControlGroups=yes\n"
         "ProtectHome=yes\n"
         "ProtectHostname=yes\n"
         "ProtectKernelLogs=yes\n"
         "ProtectKernelModules=yes\n"
         "ProtectKernelTunables=yes\n"
         "ProtectProc=invisible\n"
         "ProtectSystem=strict\n"
         "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX\n"
         "RestrictNamespaces=yes\n"
         "RestrictRealtime=yes\n"
         "RestrictSUIDSGID=yes\n"
         "SystemCallArchitectures=native\n"
         "SystemCallFilter=@system-service\n"
         "UMask=0077\n"
         "\n"
         "[Install]\n"
         "WantedBy=multi-user.target\n";
}

}  // namespace millgate
