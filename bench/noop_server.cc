/// The floor of the serving benchmark: the server's own sockets and HTTP, and nothing behind them.
///
/// Listens on loopback like `millgate serve --port 0`, prints its address, reads each request to
/// its end, answers `{}`, and ends on SIGTERM. It is a program of its own so that the product has
/// no hidden route.
#include <pthread.h>

#include <csignal>
#include <cstdlib>
#include <iostream>

#include "system/serve/http_listener.h"

namespace millgate {

namespace {

HttpResponse answer_nothing(const HttpRequest& /*request*/) {
  HttpResponse response;
  response.body = "{}";
  return response;
}

int serve_nothing() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGINT);
  sigaddset(&ends, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  Telemetry telemetry;
  const auto listener = HttpListener::start(
      {}, {.answer = answer_nothing, .is_slow = [](const HttpRequest&) { return false; }},
      telemetry);
  if (!listener.ok()) {
    std::cerr << "error: " << listener.error().what << '\n';
    return EXIT_FAILURE;
  }
  std::cout << R"({"url":"http://127.0.0.1:)" << (*listener)->port() << "\"}" << std::endl;
  int ended_by = 0;
  sigwait(&ends, &ended_by);
  (*listener)->stop();
  return EXIT_SUCCESS;
}

}  // namespace

}  // namespace millgate

int main() { return millgate::serve_nothing(); }
