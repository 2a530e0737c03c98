#include "system/serve/tls_stream.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace millgate {

namespace {

bool is_ip_address(const std::string& host) {
  in6_addr parsed{};
  return ::inet_pton(AF_INET, host.c_str(), &parsed) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &parsed) == 1;
}

/// What the library says of the last fault; forgets it.
std::string library_fault() {
  const unsigned long code = ::ERR_get_error();  // NOLINT(google-runtime-int): OpenSSL's type.
  ::ERR_clear_error();
  const char* const reason = code == 0 ? nullptr : ::ERR_reason_error_string(code);
  return reason == nullptr ? std::string("unknown fault") : std::string(reason);
}

Error tls_failure(const std::string& fault) { return outside_failure("TLS: " + fault); }

/// Errors: `invalid_input` naming the file.
Status show(SSL_CTX& context, const ClientCertificate& shown) {
  if (shown.certificate.empty()) return {};
  const auto refusal = [](const std::string& path, const char* what) {
    return invalid_input("`" + path + "`: " + library_fault(), what);
  };
  if (::SSL_CTX_use_certificate_chain_file(&context, shown.certificate.c_str()) != 1) {
    return refusal(shown.certificate, "name a file with the client's certificate in PEM");
  }
  if (::SSL_CTX_use_PrivateKey_file(&context, shown.key.c_str(), SSL_FILETYPE_PEM) != 1) {
    return refusal(shown.key, "name a file with the key of that certificate in PEM");
  }
  return {};
}

}  // namespace

void TlsStream::Free::operator()(ssl_st* one) const { ::SSL_free(one); }
void TlsStream::Free::operator()(ssl_ctx_st* one) const { ::SSL_CTX_free(one); }

Result<std::unique_ptr<TlsStream>> TlsStream::connect(int descriptor, const std::string& host,
                                                      const ClientCertificate& shown,
                                                      const Wait& wait) {
  std::unique_ptr<TlsStream> stream(new TlsStream());
  stream->context_.reset(::SSL_CTX_new(::TLS_client_method()));
  if (stream->context_ == nullptr) return tls_failure(library_fault());
  SSL_CTX* const context = stream->context_.get();
  ::SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  ::SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  ::SSL_CTX_set_default_verify_paths(context);
  MILLGATE_TRY(show(*context, shown));
  stream->connection_.reset(::SSL_new(context));
  SSL* const connection = stream->connection_.get();
  if (connection == nullptr || ::SSL_set_fd(connection, descriptor) != 1) {
    return tls_failure(library_fault());
  }
  if (is_ip_address(host)) {
    ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(connection), host.c_str());
  } else {
    ::SSL_set1_host(connection, host.c_str());
    ::SSL_set_tlsext_host_name(connection, host.c_str());
  }
  static constexpr std::array<unsigned char, 9> kProtocols = {8,   'h', 't', 't', 'p',
                                                              '/', '1', '.', '1'};
  ::SSL_set_alpn_protos(connection, kProtocols.data(), kProtocols.size());
  while (true) {
    ::ERR_clear_error();
    const int result = ::SSL_connect(connection);
    if (result == 1) return stream;
    const long verdict = ::SSL_get_verify_result(connection);  // NOLINT(google-runtime-int)
    if (verdict != X509_V_OK) {
      return tls_failure(std::string("its certificate is not trusted: ") +
                         ::X509_verify_cert_error_string(verdict));
    }
    MILLGATE_TRY(stream->wait_for(result, wait));
  }
}

Status TlsStream::wait_for(int result, const Wait& wait) {
  const int error_number = errno;
  const int fault = ::SSL_get_error(connection_.get(), result);
  if (fault == SSL_ERROR_WANT_READ || fault == SSL_ERROR_WANT_WRITE) {
    if (wait(fault == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT)) return {};
    return tls_failure("it does not go on in time");
  }
  if (fault == SSL_ERROR_SYSCALL && error_number != 0) {
    return tls_failure(std::strerror(error_number));
  }
  return tls_failure(library_fault());
}

Status TlsStream::send(std::string_view bytes, const Wait& wait) {
  while (!bytes.empty()) {
    ::ERR_clear_error();
    errno = 0;
    size_t sent = 0;
    const int result = ::SSL_write_ex(connection_.get(), bytes.data(), bytes.size(), &sent);
    if (result == 1) {
      bytes.remove_prefix(sent);
    } else {
      MILLGATE_TRY(wait_for(result, wait));
    }
  }
  return {};
}

Result<size_t> TlsStream::read(std::span<char> bytes, const Wait& wait) {
  while (true) {
    ::ERR_clear_error();
    errno = 0;
    size_t count = 0;
    const int result = ::SSL_read_ex(connection_.get(), bytes.data(), bytes.size(), &count);
    if (result == 1) return count;
    const int fault = ::SSL_get_error(connection_.get(), result);
    if (fault == SSL_ERROR_ZERO_RETURN) return size_t{0};
    MILLGATE_TRY(wait_for(result, wait));
  }
}

}  // namespace millgate
