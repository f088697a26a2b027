// Covered by tests/client/jobs/ls_test.cc.
#include "apps/client/jobs/read_listing.h"

#include <algorithm>
#include <cstddef>
#include <ctime>
#include <optional>
#include <string>
#include <utility>

#include "apps/client/net/exchange.h"
#include "parser/fields.h"

namespace client {

namespace {

// Half a million names of a hundred bytes, as quoitd lists them at most.
constexpr std::size_t most_bytes = 64 << 20;

enum class Format { json, html, other };

Format format_of(const http1::ResponseHead& head) {
  const std::string_view field = head.value_of(http1::FieldName::content_type);
  const std::string_view type =
      http1::trim(field.substr(0, std::min(field.find(';'), field.size())));
  if (http1::equal_ignoring_case(type, "application/json")) return Format::json;
  const bool is_html = http1::equal_ignoring_case(type, "text/html") ||
                       http1::equal_ignoring_case(type, "application/xhtml+xml");
  return is_html ? Format::html : Format::other;
}

// Why the response is no listing, before its body is read.
ExitReason problem_of(const Channel& channel, const Url& where) {
  const http1::ResponseHead& head = channel.head;
  ExitReason astray = unrequested(head, http1::Method::get, channel.session.settings, where);
  if (astray) return astray;
  if (head.status() != 200) return refused(head, where);
  if (!where.path.ends_with('/')) {
    return exit_with(ExitCode::weird_reply, where.text() + " is no directory: get it as a file");
  }
  const std::string_view coding = unrequested_coding(head, channel.session.settings);
  if (!coding.empty()) {
    return exit_with(ExitCode::weird_reply, where.text() +
                                                ": the server sends the listing encoded (" +
                                                std::string(coding) + "), which quoit cannot read");
  }
  if (format_of(head) != Format::other) return {};
  return exit_with(ExitCode::weird_reply,
                   where.text() + " is no listing of a directory, as JSON or as an HTML page");
}

}  // namespace

uring::Task<ExitCode> read_listing(Channel& channel, Url& where, RemoteListing& listing) {
  const Request request{.method = http1::Method::get,
                        .accept = "application/json, text/html;q=0.5"};
  const ExitCode responded = co_await exchange_following(channel, request, where);
  if (responded != ExitCode::ok) co_return responded;
  where.has_query = false;
  where.query.clear();
  ExitReason problem = problem_of(channel, where);
  if (problem) {
    const ExitCode code = channel.fail(std::move(problem));
    co_await skip_body(channel);
    co_return code;
  }
  const Format format = format_of(channel.head);
  std::string text;
  BodyReader body(channel.head.body());
  const ExitCode received = co_await receive_text(channel, body, text, most_bytes);
  if (received != ExitCode::ok) {
    disconnect(channel);
    co_return received;
  }
  finish_exchange(channel);
  if (format == Format::html) {
    listing = read_html_listing(text, where);
    co_return ExitCode::ok;
  }
  std::optional<RemoteListing> read =
      read_json_listing(text, static_cast<std::int64_t>(std::time(nullptr)));
  if (!read) {
    co_return channel.fail(ExitCode::weird_reply,
                           where.text() + " sends JSON that is no listing of a directory");
  }
  listing = std::move(*read);
  co_return ExitCode::ok;
}

Url url_of(const Url& directory, const RemoteEntry& entry) {
  Url where = directory;
  complete_with_name(where, entry.name);
  if (entry.is_directory) where.path += '/';
  return where;
}

}  // namespace client
