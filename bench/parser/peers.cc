// picohttpparser and llhttp behind one interface. llhttp gets callbacks that store what the other
// parsers store: the target, names and values, and that the head is complete.
#include "bench/parser/peers.h"

#include <vector>

#include "parser/limits.h"

#if defined(BENCH_HAS_PICOHTTPPARSER)
#include "fuzz/picohttpparser.h"
#endif
#if defined(BENCH_HAS_LLHTTP)
#include <llhttp.h>
#endif

namespace bench {
namespace {

#if defined(BENCH_HAS_PICOHTTPPARSER)
phr_header headers[http1::max_fields];

std::size_t size_of(int result) { return result > 0 ? static_cast<std::size_t>(result) : 0; }

std::size_t pico_request(std::string_view message) {
  const char* method;
  const char* path;
  std::size_t method_size;
  std::size_t path_size;
  std::size_t count = http1::max_fields;
  int minor_version;
  return size_of(phr_parse_request(message.data(), message.size(), &method, &method_size, &path,
                                   &path_size, &minor_version, headers, &count, 0));
}

std::size_t pico_response(std::string_view message) {
  const char* reason;
  std::size_t reason_size;
  std::size_t count = http1::max_fields;
  int minor_version;
  int status;
  return size_of(phr_parse_response(message.data(), message.size(), &minor_version, &status,
                                    &reason, &reason_size, headers, &count, 0));
}
#endif

#if defined(BENCH_HAS_LLHTTP)
struct Spans {
  std::string_view target;
  std::string_view names[http1::max_fields];
  std::string_view values[http1::max_fields];
  std::size_t names_seen;
  std::size_t values_seen;
  bool is_whole;
} spans;

int on_target(llhttp_t*, const char* at, std::size_t size) {
  spans.target = {at, size};
  return 0;
}
int on_name(llhttp_t*, const char* at, std::size_t size) {
  spans.names[spans.names_seen++ % http1::max_fields] = {at, size};
  return 0;
}
int on_value(llhttp_t*, const char* at, std::size_t size) {
  spans.values[spans.values_seen++ % http1::max_fields] = {at, size};
  return 0;
}
int on_head(llhttp_t*) {
  spans.is_whole = true;
  return HPE_PAUSED;  // the body is not measured
}

llhttp_settings_t make_settings() {
  llhttp_settings_t settings;
  llhttp_settings_init(&settings);
  settings.on_url = on_target;
  settings.on_header_field = on_name;
  settings.on_header_value = on_value;
  settings.on_headers_complete = on_head;
  return settings;
}

std::size_t llhttp_parse(llhttp_type_t type, std::string_view message) {
  static const llhttp_settings_t settings = make_settings();
  llhttp_t parser;
  llhttp_init(&parser, type, &settings);
  spans.names_seen = 0;
  spans.values_seen = 0;
  spans.is_whole = false;
  const llhttp_errno_t error = llhttp_execute(&parser, message.data(), message.size());
  const bool is_good = spans.is_whole && (error == HPE_OK || error == HPE_PAUSED);
  return is_good ? message.size() : 0;
}

std::size_t llhttp_request(std::string_view message) { return llhttp_parse(HTTP_REQUEST, message); }
std::size_t llhttp_response(std::string_view message) {
  return llhttp_parse(HTTP_RESPONSE, message);
}
#endif

}  // namespace

std::span<const Peer> peers() {
  static const std::vector<Peer> all = {
#if defined(BENCH_HAS_PICOHTTPPARSER)
    {"pico", pico_request, pico_response},
#endif
#if defined(BENCH_HAS_LLHTTP)
    {"llhttp", llhttp_request, llhttp_response},
#endif
  };
  return all;
}

}  // namespace bench
