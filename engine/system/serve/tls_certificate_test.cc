#include "system/serve/tls_certificate.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "ground/file_store.h"
#include "ground/test_folder.h"
#include "system/serve/http_listener.h"

namespace millgate {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

/// A certificate that signs itself, and its key, in PEM.
class TlsCertificateTest : public ::testing::Test {
 protected:
  TlsFiles made(const std::string& name, long begins_seconds, long ends_seconds) {
    TlsFiles files{.certificate = folder_.path(name + ".crt"), .key = folder_.path(name + ".key")};
    EVP_PKEY* const key = ::EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    X509* const certificate = ::X509_new();
    ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate), 1);
    ::X509_gmtime_adj(::X509_getm_notBefore(certificate), begins_seconds);
    ::X509_gmtime_adj(::X509_getm_notAfter(certificate), ends_seconds);
    ::X509_set_pubkey(certificate, key);
    ::X509_sign(certificate, key, ::EVP_sha256());
    std::FILE* file = std::fopen(files.certificate.c_str(), "w");
    ::PEM_write_X509(file, certificate);
    std::fclose(file);
    file = std::fopen(files.key.c_str(), "w");
    ::PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    ::X509_free(certificate);
    ::EVP_PKEY_free(key);
    return files;
  }

  TestFolder folder_;
};

TEST_F(TlsCertificateTest, ReadsWhatHoldsAndNamesWhatDoesNot) {
  const TlsFiles good = made("good", -10, 3'600);
  const auto read = read_certificate(good);
  ASSERT_TRUE(read.ok()) << read.error().what;
  EXPECT_NEAR(static_cast<double>((*read)->ends_seconds),
              static_cast<double>(std::time(nullptr) + 3'600), 5);
  EXPECT_THAT(read_certificate(made("old", -20, -10)).error().what, HasSubstr("expired at"));
  EXPECT_THAT(read_certificate(made("early", 600, 900)).error().what,
              HasSubstr("does not hold before"));
  EXPECT_THAT(
      read_certificate({.certificate = good.certificate, .key = made("b", -1, 9).key}).error().what,
      HasSubstr("does not belong to certificate"));
  EXPECT_THAT(read_certificate({.certificate = good.key, .key = good.key}).error().what,
              HasSubstr("TLS certificate `" + good.key + "`"));
  EXPECT_THAT(
      read_certificate({.certificate = good.certificate, .key = good.certificate}).error().what,
      HasSubstr("TLS key `" + good.certificate + "`"));
  EXPECT_EQ(
      read_certificate({.certificate = good.certificate, .key = folder_.path("no")}).error().code,
      ErrorCode::not_found);
  EXPECT_FALSE(
      read_certificate({.certificate = good.certificate, .key = good.key, .client_ca = good.key})
          .ok());
}

TEST_F(TlsCertificateTest, FollowsARenewalAndOutlivesABadOne) {
  const TlsFiles files = made("server", -10, 3'600);
  Telemetry telemetry;
  const auto follower = *TlsFollower::start(files, telemetry, milliseconds(5));
  const auto first = follower->get();
  const auto wait_until = [](const auto& wanted) {
    for (int i = 0; i < 1'000 && !wanted(); ++i) ::usleep(5'000);
    return wanted();
  };
  ASSERT_TRUE(write_file(files.certificate, "half of it").ok());
  EXPECT_TRUE(wait_until([&] { return telemetry.renewal_failed.load(); }));
  EXPECT_EQ(follower->get(), first);
  made("server", -10, 7'200);
  EXPECT_TRUE(wait_until([&] { return follower->get() != first; }));
  EXPECT_FALSE(telemetry.renewal_failed.load());
  EXPECT_EQ(telemetry.certificate_ends.load(), follower->get()->ends_seconds);
}

TEST_F(TlsCertificateTest, WhoDoesNotShakeHandsIsCutOff) {
  ServerOptions options;
  options.tls = made("server", -10, 3'600);
  options.header_timeout = milliseconds(100);
  options.threads = 1;
  Telemetry telemetry;
  const auto listener =
      *HttpListener::start(options,
                           {.answer = [](const HttpRequest&) { return HttpResponse(); },
                            .is_slow = [](const HttpRequest&) { return false; }},
                           telemetry);
  for (const std::string& sent : {std::string(), std::string("\x16\x03\x01\x02"),
                                  std::string("GET / HTTP/1.1\r\nHost: x\r\n\r\n")}) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(listener->port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    void* const pointer = &address;
    ASSERT_EQ(::connect(socket, static_cast<sockaddr*>(pointer), sizeof address), 0);
    const timeval limit{.tv_sec = 5, .tv_usec = 0};
    ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    static_cast<void>(::send(socket, sent.data(), sent.size(), MSG_NOSIGNAL));
    char bytes[512];
    ssize_t count = 0;
    std::string answer;
    while ((count = ::recv(socket, bytes, sizeof bytes, 0)) > 0) {
      answer.append(bytes, static_cast<size_t>(count));
    }
    const bool is_closed = count == 0 || errno == ECONNRESET;
    EXPECT_TRUE(is_closed) << "the server closes, not the clock of the test";
    EXPECT_EQ(answer.find("HTTP/1"), std::string::npos);
    ::close(socket);
  }
}

}  // namespace
}  // namespace millgate
