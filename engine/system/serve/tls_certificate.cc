#include "system/serve/tls_certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include <ctime>
#include <string_view>
#include <utility>

#include "ground/clock.h"
#include "ground/file_store.h"

namespace millgate {

namespace {

/// The last fault of the library, in its words; forgets it.
std::string fault_text() {
  const unsigned long code = ::ERR_get_error();
  ::ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return reason == nullptr ? std::string("unknown fault") : std::string(reason);
}

Error fault(const std::string& object, const std::string& path, const char* hint) {
  return invalid_input("TLS " + object + " `" + path + "`: " + fault_text(), hint);
}

struct FreeX509 {
  void operator()(X509* one) const { ::X509_free(one); }
};
struct FreeBio {
  void operator()(BIO* one) const { ::BIO_free(one); }
};

Result<int64_t> unix_time(const ASN1_TIME* time) {
  std::tm parts{};
  if (::ASN1_TIME_to_tm(time, &parts) != 1) return invalid_input("its time is none");
  return static_cast<int64_t>(::timegm(&parts));
}

/// Clients that offer other protocols only are told that there is none in common (RFC 7301).
int choose_protocol(SSL* /*ssl*/, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned in_size, void* /*argument*/) {
  static constexpr unsigned char kOurs[] = "\x02h2\x08http/1.1";
  unsigned char* chosen = nullptr;
  const int found =
      ::SSL_select_next_proto(&chosen, out_size, kOurs, sizeof kOurs - 1, in, in_size);
  *out = chosen;
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

Status check_times(const X509* certificate, const std::string& path, int64_t& ends_seconds) {
  MILLGATE_ASSIGN(const int64_t begins, unix_time(::X509_get0_notBefore(certificate)));
  MILLGATE_ASSIGN(ends_seconds, unix_time(::X509_get0_notAfter(certificate)));
  const auto now = static_cast<int64_t>(std::time(nullptr));
  const auto text = [](int64_t seconds) { return to_string(Time{seconds * 1'000'000}); };
  if (ends_seconds <= now) {
    return invalid_input("TLS certificate `" + path + "` expired at " + text(ends_seconds),
                         "renew it; clients would refuse it");
  }
  if (begins > now) {
    return invalid_input("TLS certificate `" + path + "` does not hold before " + text(begins),
                         "look at the clock of this machine, or give one that holds");
  }
  return {};
}

/// Who the files are: other ones have another text.
std::string identity_of(const TlsFiles& files) {
  std::string text;
  for (const std::string& path : {files.certificate, files.key, files.client_ca}) {
    struct stat info {};
    if (path.empty() || ::stat(path.c_str(), &info) != 0) {
      text += "-;";
      continue;
    }
    text += std::to_string(info.st_ino) + "," + std::to_string(info.st_size) + "," +
            std::to_string(info.st_mtim.tv_sec) + "," + std::to_string(info.st_mtim.tv_nsec) + ";";
  }
  return text;
}

}  // namespace

Result<std::shared_ptr<TlsCertificate>> read_certificate(const TlsFiles& files) {
  // Rights are looked at by reading: what OpenSSL says of a file that it may not read is odd.
  MILLGATE_TRY(read_file(files.certificate));
  MILLGATE_ASSIGN(const std::string key, read_file(files.key));
  auto read = std::make_shared<TlsCertificate>();
  SSL_CTX* const context = read->context.native_handle();
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  ::SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
  ::ERR_clear_error();
  if (::SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
    return fault("certificate", files.certificate,
                 "give a PEM file: the server's certificate first, those above it after");
  }
  const std::unique_ptr<BIO, FreeBio> bytes(
      ::BIO_new_mem_buf(key.data(), static_cast<int>(key.size())));
  // Without a password: nobody is there to type one.
  EVP_PKEY* const parsed = ::PEM_read_bio_PrivateKey(
      bytes.get(), nullptr, [](char*, int, int, void*) { return 0; }, nullptr);
  if (parsed == nullptr) {
    return fault("key", files.key, "give a PEM file with a private key and no password");
  }
  const bool is_taken = ::SSL_CTX_use_PrivateKey(context, parsed) == 1;
  ::EVP_PKEY_free(parsed);
  if (!is_taken || ::SSL_CTX_check_private_key(context) != 1) {
    ::ERR_clear_error();
    return invalid_input(
        "TLS key `" + files.key + "` does not belong to certificate `" + files.certificate + "`",
        "give the key that the certificate was asked for with");
  }
  MILLGATE_TRY(
      check_times(::SSL_CTX_get0_certificate(context), files.certificate, read->ends_seconds));
  if (!files.client_ca.empty()) {
    MILLGATE_TRY(read_file(files.client_ca));
    if (::SSL_CTX_load_verify_locations(context, files.client_ca.c_str(), nullptr) != 1) {
      return fault("client CA", files.client_ca, "give a PEM file of one or more certificates");
    }
    ::SSL_CTX_set_client_CA_list(context, ::SSL_load_client_CA_file(files.client_ca.c_str()));
    ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  // Sessions that are taken up again must be of this server.
  static constexpr std::string_view kName = "millgate";
  ::SSL_CTX_set_session_id_context(context,
                                   reinterpret_cast<const unsigned char*>(kName.data()),  // NOLINT
                                   static_cast<unsigned>(kName.size()));
  return read;
}

TlsFollower::TlsFollower(TlsFiles files, Telemetry& telemetry, std::chrono::milliseconds every)
    : files_(std::move(files)), telemetry_(telemetry), every_(every) {}

Result<std::unique_ptr<TlsFollower>> TlsFollower::start(const TlsFiles& files, Telemetry& telemetry,
                                                        std::chrono::milliseconds every) {
  std::unique_ptr<TlsFollower> follower(new TlsFollower(files, telemetry, every));
  // Before they are read: a change meanwhile is seen as one.
  follower->seen_ = identity_of(files);
  MILLGATE_ASSIGN(std::shared_ptr<TlsCertificate> first, read_certificate(files));
  telemetry.certificate_ends = first->ends_seconds;
  follower->now_.store(std::move(first));
  follower->thread_ = std::thread([raw = follower.get()] { raw->run(); });
  return follower;
}

TlsFollower::~TlsFollower() {
  {
    const std::scoped_lock lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

std::string TlsFollower::trouble() const {
  const std::scoped_lock lock(mutex_);
  return trouble_;
}

void TlsFollower::run() {
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, every_, [&] { return ending_; })) {
    lock.unlock();
    look();
    lock.lock();
  }
}

void TlsFollower::look() {
  std::string identity = identity_of(files_);
  // One file is renewed after the other: what does not fit together yet is looked at again.
  if (identity == seen_ && trouble().empty()) return;
  seen_ = std::move(identity);
  auto read = read_certificate(files_);
  const std::scoped_lock lock(mutex_);
  trouble_ = read.ok() ? std::string() : read.error().what;
  telemetry_.renewal_failed = !read.ok();
  if (!read.ok()) return;
  telemetry_.certificate_ends = (*read)->ends_seconds;
  now_.store(*std::move(read));
}

}  // namespace millgate
