// Writing heads. Covered by tests/client/net/request_test.cc.
#include "apps/client/net/request.h"

#include <algorithm>
#include <array>

#include "apps/client/command/credentials.h"
#include "apps/client/command/private_fields.h"
#include "apps/client/command/sha256.h"
#include "parser/date.h"
#include "parser/fields.h"
#include "parser/write.h"

namespace client {

namespace {

using http1::FieldName;

std::string date_text(std::int64_t unix_seconds) {
  std::array<char, http1::date_size> text{};
  http1::write_date(unix_seconds, text);
  return {text.data(), text.size()};
}

// Says whether the field must not follow a redirect to another server.
bool stays_home(FieldName name) { return is_private(name) || name == FieldName::host; }

bool is_read(http1::Method method) {
  return method == http1::Method::get || method == http1::Method::head;
}

bool has_name(const HeaderLine& line, std::string_view name) {
  return http1::equal_ignoring_case(line.name, name);
}

bool has_prefix(std::string_view name, std::string_view prefix) {
  return http1::equal_ignoring_case(name.substr(0, prefix.size()), prefix);
}

// Says whether the field is about the file, or makes the request depend on its version.
bool is_about_file(std::string_view name) {
  constexpr std::array prefixes = {"Content-", "If-", "Upload-", "Repr-", "Want-"};
  constexpr std::array names = {"Expect", "Range", "X-OC-MTime"};
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [=](std::string_view prefix) { return has_prefix(name, prefix); }) ||
         std::any_of(names.begin(), names.end(), [=](std::string_view other) {
           return http1::equal_ignoring_case(name, other);
         });
}

class Writer {
 public:
  Writer(const Request& request, const Settings& settings, std::span<char> buffer)
      : request_(request), settings_(settings), head_(buffer) {}

  std::string_view write() {
    const Url* const proxy = proxy_for(settings_.proxies, *request_.where);
    const bool is_proxied = proxy && !request_.where->is_secure;
    // A proxy is asked for the whole URL: RFC 9112 3.2.2.
    head_.request_line(http1::text_of(request_.method),
                       is_proxied ? request_.where->text() : request_.where->target());
    own("Host", request_.where->authority());
    own("User-Agent", "quoit/" QUOIT_VERSION);
    own("Accept", request_.accept);
    // The file as it is: quoit decodes nothing. RFC 9110 12.5.3.
    if (is_read(request_.method)) own("Accept-Encoding", "identity");
    if (!request_.where->userinfo.empty()) {
      own("Authorization", basic_credentials(decode_percent(request_.where->userinfo)));
    } else if (!request_.where->authorization.empty()) {
      own("Authorization", request_.where->authorization);
    }
    if (is_proxied && !proxy->userinfo.empty()) {
      own("Proxy-Authorization", basic_credentials(decode_percent(proxy->userinfo)));
    }
    if (request_.body == RequestBody::length) head_.field("Content-Length", request_.length);
    if (request_.body == RequestBody::chunked) head_.field("Transfer-Encoding", "chunked");
    if (request_.newer_than) own("If-Modified-Since", date_text(*request_.newer_than));
    if (request_.range_start) {
      std::string range = "bytes=" + std::to_string(*request_.range_start) + "-";
      if (request_.range_last) range += std::to_string(*request_.range_last);
      own("Range", range);
      if (!request_.if_range.empty()) own("If-Range", request_.if_range);
    }
    if (request_.condition) write_condition(*request_.condition);
    // The name that ownCloud, rclone and quoitd know.
    if (request_.modified) own("X-OC-MTime", std::to_string(*request_.modified));
    if (request_.wants_digest) own("Want-Repr-Digest", wants_sha256);
    if (!request_.digest.empty()) own("Repr-Digest", request_.digest);
    write_upload_fields();
    if (request_.expects_continue) own("Expect", "100-continue");
    for (const HeaderLine& header : settings_.headers) {
      if (!header.value.empty() && is_sent(header)) head_.field(header.name, header.value);
    }
    head_.end();
    return head_.written();
  }

 private:
  // RFC 9110 13.1.
  void write_condition(const Condition& condition) {
    if (condition.is_absent) own("If-None-Match", "*");
    if (!condition.tag.empty()) own("If-Match", condition.tag);
    if (condition.unchanged_since) {
      own("If-Unmodified-Since", date_text(*condition.unchanged_since));
    }
  }

  void write_upload_fields() {
    const http1::UploadFields& upload = request_.upload;
    if (request_.method == http1::Method::patch) own("Content-Type", "application/partial-upload");
    if (upload.complete) own("Upload-Complete", *upload.complete ? "?1" : "?0");
    if (upload.offset) own("Upload-Offset", std::to_string(*upload.offset));
    if (upload.length) own("Upload-Length", std::to_string(*upload.length));
  }

  bool is_sent(const HeaderLine& header) const {
    if (request_.is_auxiliary && is_about_file(header.name)) return false;
    return request_.trusted || !stays_home(http1::field_name_of(header.name));
  }

  // Writes one of quoit's own fields, unless -H sets or removes it.
  void own(std::string_view name, std::string_view value) {
    const auto decides = [&](const HeaderLine& header) {
      return has_name(header, name) && is_sent(header);
    };
    if (std::none_of(settings_.headers.begin(), settings_.headers.end(), decides)) {
      head_.field(name, value);
    }
  }

  const Request& request_;
  const Settings& settings_;
  http1::HeadWriter head_;
};

}  // namespace

bool user_decides(const Settings& settings, std::string_view name) {
  return std::any_of(settings.headers.begin(), settings.headers.end(),
                     [&](const HeaderLine& line) { return has_name(line, name); });
}

bool user_sends(const Settings& settings, std::string_view name) {
  return std::any_of(settings.headers.begin(), settings.headers.end(), [&](const HeaderLine& line) {
    return has_name(line, name) && !line.value.empty();
  });
}

std::string_view write_request(const Request& request, const Settings& settings,
                               std::span<char> buffer) {
  return Writer(request, settings, buffer).write();
}

}  // namespace client
