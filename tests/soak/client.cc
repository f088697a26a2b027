// The requests of a client, and the checks of their responses. Covered by the runs of the soak
// itself.
#include "tests/soak/client.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "tests/soak/content.h"

namespace soak {

namespace {

std::string request(std::string_view method, const std::string& target, const std::string& fields) {
  return std::string(method) + " " + target + " HTTP/1.1\r\nHost: soak\r\n" + fields + "\r\n";
}

bool is_success(const Response& response) {
  return response.whole && response.status >= 200 && response.status < 300;
}

}  // namespace

Client::Client(const Server& server, Model& model, Report& report, std::uint64_t seed,
               std::size_t index, std::size_t clients)
    : server_(server),
      model_(model),
      report_(report),
      random_(http1::SplitMix64::mix(seed) + index),
      index_(index),
      clients_(clients),
      serial_(index) {}

std::size_t Client::any_name() { return random_.below(model_.names()); }

std::size_t Client::own_name() {
  const std::size_t count = (model_.names() - index_ + clients_ - 1) / clients_;
  return index_ + clients_ * random_.below(count);
}

// Sizes around those at which the server changes its way of receiving and sending. Every size has a
// random part, so that two versions within one tick of the kernel's clock differ in their tags.
std::size_t Client::any_size() {
  constexpr std::array<std::size_t, 8> sizes = {
      1, 1, 4096, 4096, 64 * 1024, 256 * 1024, 1024 * 1024, 8 * 1024 * 1024};
  const std::size_t kind = random_.below(64);
  if (kind == 0) return 0;
  const std::size_t size = sizes[kind < 2 ? 7 : kind < 6 ? 6 : kind % 6];
  return size + random_.below(1000);
}

std::string Client::target_of(std::size_t name) const {
  return "/d" + std::to_string(name % 10) + "/f" + std::to_string(name);
}

bool Client::has_outage() const { return outage_ % 2 == 1 || server_.outage() != outage_; }

bool Client::connect() {
  if (connection_.is_connected()) return true;
  if (connection_.connect(server_.port())) return true;
  if (!has_outage()) {
    report_.fail("no connection: errno " + std::to_string(connection_.connect_error()));
  }
  // Only while the server is down; its start is not awaited, so that requests meet it.
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return false;
}

bool Client::send_request(const std::string& head, std::string_view body) {
  return connection_.send(head) && connection_.send(body);
}

namespace {

// A server that was replaced refuses further writes on the connections that it still has, so that
// two processes never write one name.
bool is_handed_over(const Response& response) {
  return response.status == 503 && response.closes && response.field("Retry-After") == "1";
}

}  // namespace

// Sends a request and reads its response, of which nothing has arrived if its status is 0. A used
// connection that ends without a response makes it send the request again. Only a server that was
// killed can have executed the request before.
Response Client::ask(const std::string& head, std::string_view body, bool is_head) {
  may_have_been_done_ = false;
  for (;;) {
    if (!connect()) return {};
    const bool is_used = connection_.is_used();
    send_request(head, body);  // a server that closes the connection may have responded first
    Response response = connection_.read_response(is_head);
    response.whole ? report_.count_answered() : report_.count_uncertain();
    if (!response.whole || response.closes) connection_.close();
    if (!is_used || response.timed_out) return response;
    const bool has_nothing = response.status == 0 && response.head.empty();
    if (!has_nothing && !is_handed_over(response)) return response;
    report_.count(has_nothing ? "idle-closed" : "handed-over");
    if (has_nothing && has_outage()) may_have_been_done_ = true;
  }
}

void Client::fail(std::size_t name, std::string_view text, const Response& response) {
  if (has_outage() && !response.whole) {
    report_.count("cut-off");
    return;
  }
  std::string possible;
  for (const Version version : model_.possible(name)) {
    possible += " " + std::to_string(version >> 32) + "/" + std::to_string(size_of(version));
  }
  report_.fail("client " + std::to_string(index_) + ", " + target_of(name) + ": " +
               std::string(text) + "; status " + std::to_string(response.status) + ", " +
               std::to_string(response.body.size()) + " bytes" +
               (response.whole ? "" : ", incomplete") + (response.timed_out ? ", timed out" : "") +
               "; possible:" + possible + "\n" + response.head);
}

// The version with that content, or null.
const Version* Client::find(const std::vector<Version>& versions, std::string_view body) const {
  const auto found = std::find_if(versions.begin(), versions.end(), [&](Version version) {
    return version != absent && size_of(version) == body.size() && is_part_of(version, 0, body);
  });
  return found == versions.end() ? nullptr : &*found;
}

namespace {

bool may_be_absent(const std::vector<Version>& versions) {
  return std::find(versions.begin(), versions.end(), absent) != versions.end();
}

}  // namespace

void Client::get() {
  const std::size_t name = any_name();
  const Model::Reading reading = model_.begin_read(name);
  const Response response = ask(request("GET", target_of(name), ""));
  const std::vector<Version> versions = model_.end_read(name, reading);
  if (!response.whole) return fail(name, "GET is not answered", response);
  if (response.status == 404) {
    if (!may_be_absent(versions)) fail(name, "GET: the file is gone", response);
    return;
  }
  const Version* const version = find(versions, response.body);
  if (response.status != 200 || !version) return fail(name, "GET: other bytes", response);
  seen_[name] = {.version = *version, .tag = response.field("ETag")};
}

void Client::head() {
  const std::size_t name = any_name();
  const Model::Reading reading = model_.begin_read(name);
  const Response response = ask(request("HEAD", target_of(name), ""), {}, true);
  const std::vector<Version> versions = model_.end_read(name, reading);
  if (!response.whole) return fail(name, "HEAD is not answered", response);
  if (response.status == 404 && may_be_absent(versions)) return;
  const std::string length = response.field("Content-Length");
  const bool is_possible = std::any_of(versions.begin(), versions.end(), [&](Version version) {
    return version != absent && std::to_string(size_of(version)) == length;
  });
  if (response.status != 200 || !is_possible) fail(name, "HEAD: another size", response);
}

void Client::get_part() {
  const std::size_t name = any_name();
  const std::size_t begin = random_.below(100'000);
  const std::size_t size = 1 + random_.below(200'000);
  const Model::Reading reading = model_.begin_read(name);
  const Response response = ask(request(
      "GET", target_of(name),
      "Range: bytes=" + std::to_string(begin) + "-" + std::to_string(begin + size - 1) + "\r\n"));
  const std::vector<Version> versions = model_.end_read(name, reading);
  if (!response.whole) return fail(name, "range is not answered", response);
  if (response.status == 404 && may_be_absent(versions)) return;
  const bool is_possible = std::any_of(versions.begin(), versions.end(), [&](Version version) {
    if (version == absent) return false;
    const std::size_t all = size_of(version);
    if (begin >= all) return response.status == 416 || (all == 0 && response.status == 200);
    return response.status == 206 && response.body.size() == std::min(size, all - begin) &&
           is_part_of(version, begin, response.body);
  });
  if (!is_possible) fail(name, "range: other bytes", response);
}

void Client::revalidate() {
  if (seen_.empty()) return get();
  auto seen = seen_.lower_bound(any_name());
  if (seen == seen_.end()) seen = seen_.begin();
  const std::size_t name = seen->first;
  const Seen known = seen->second;
  const Model::Reading reading = model_.begin_read(name);
  const Response response =
      ask(request("GET", target_of(name), "If-None-Match: " + known.tag + "\r\n"));
  const std::vector<Version> versions = model_.end_read(name, reading);
  if (!response.whole) return fail(name, "revalidation is not answered", response);
  if (response.status == 404 && may_be_absent(versions)) return;
  if (response.status == 304) {
    if (std::find(versions.begin(), versions.end(), known.version) == versions.end())
      fail(name, "304 for an old version", response);
    return;
  }
  if (response.status != 200 || !find(versions, response.body))
    fail(name, "revalidation: other bytes", response);
}

// Sends a PUT with that condition. `must_match`: it has to be stored, else it has to be refused.
void Client::write(std::size_t name, Version version, const std::string& condition,
                   bool must_match) {
  const std::string body = content_of(version);
  model_.begin_write(name, version);
  const Response response =
      ask(request("PUT", target_of(name),
                  condition + "Content-Length: " + std::to_string(body.size()) + "\r\n"),
          body);
  if (!response.whole) {
    model_.end_write(name, Outcome::unknown);
    return fail(name, "PUT is not answered", response);
  }
  if (must_match && response.status == 412 && may_have_been_done_) {
    model_.end_write(name, Outcome::unknown);
    return;
  }
  model_.end_write(name, is_success(response) ? Outcome::stored : Outcome::refused);
  if (must_match ? !is_success(response) : response.status != 412)
    fail(name, must_match ? "PUT is refused" : "PUT is not refused", response);
}

void Client::put() {
  serial_ += clients_;
  write(own_name(), make_version(serial_, any_size()), "", true);
}

// A write that depends on the present version, of which this client alone decides.
void Client::put_if() {
  const std::size_t name = own_name();
  const std::vector<Version> before = model_.possible(name);
  if (before.size() != 1) return put();  // a write with an unknown outcome
  serial_ += clients_;
  const Version version = make_version(serial_, 100 + random_.below(5000));
  const bool is_absent = before.front() == absent;
  if (random_.below(2) == 0) {
    return write(name, version, "If-None-Match: *\r\n", is_absent);
  }
  if (is_absent) return write(name, version, "If-Match: *\r\n", false);
  const Response response = ask(request("HEAD", target_of(name), ""), {}, true);
  if (!response.whole) return fail(name, "HEAD is not answered", response);
  if (response.status != 200) return fail(name, "HEAD before PUT", response);
  const bool matches = random_.below(2) == 0;
  const std::string tag = matches ? response.field("ETag") : "\"0-0\"";
  write(name, version, "If-Match: " + tag + "\r\n", matches);
}

void Client::remove() {
  const std::size_t name = own_name();
  const std::vector<Version> before = model_.possible(name);
  model_.begin_write(name, absent);
  const Response response = ask(request("DELETE", target_of(name), ""));
  if (!response.whole) {
    model_.end_write(name, Outcome::unknown);
    return fail(name, "DELETE is not answered", response);
  }
  // Not found: the file is absent now, whatever was possible before.
  const bool is_gone = is_success(response) || response.status == 404;
  model_.end_write(name, is_gone ? Outcome::stored : Outcome::refused);
  const bool is_possible =
      response.status == 404 ? may_be_absent(before) || may_have_been_done_ : is_success(response);
  if (!is_possible) fail(name, "DELETE", response);
}

// An upload that ends before its last byte must change nothing.
void Client::abort_put() {
  if (!connect()) return;
  report_.count_uncertain();
  const std::size_t size = 2 + any_size();
  const std::string body(random_.below(size - 1), 'x');
  connection_.send(
      request("PUT", target_of(own_name()), "Content-Length: " + std::to_string(size) + "\r\n"));
  connection_.send(body);
  if (random_.below(2) == 0)
    connection_.reset();
  else
    connection_.close();
}

void Client::abort_get() {
  if (!connect()) return;
  report_.count_uncertain();
  connection_.send(request("GET", target_of(any_name()), ""));
  connection_.read_some();
  if (random_.below(2) == 0)
    connection_.reset();
  else
    connection_.close();
}

// Bytes that are no request: the server refuses them and goes on.
void Client::send_garbage() {
  constexpr std::array<std::string_view, 5> garbage = {
      "\r\n\r\n\x16\x03\x01", "GET /\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
      "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 2\r\n\r\n",
      "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n"};
  if (!connect()) return;
  report_.count_uncertain();
  connection_.send(garbage[random_.below(garbage.size())]);
  connection_.read_some();
  connection_.close();
}

void Client::list() {
  const std::string target = "/d" + std::to_string(random_.below(10)) + "/?json";
  const Response response = ask(request("GET", target, ""));
  // Listings are switched on and off, and not all directories exist yet.
  const bool is_fine = response.status == 200 || response.status == 403 || response.status == 404;
  if (!response.whole && has_outage()) return report_.count("cut-off");
  if (!response.whole || !is_fine) fail(0, "listing of " + target, response);
}

void Client::step() {
  struct Kind {
    std::string_view name;
    std::size_t weight;
    void (Client::*function)();
  };
  static constexpr std::array kinds = {
      Kind{"get", 36, &Client::get},
      Kind{"head", 5, &Client::head},
      Kind{"range", 10, &Client::get_part},
      Kind{"revalidate", 10, &Client::revalidate},
      Kind{"put", 16, &Client::put},
      Kind{"put-if", 6, &Client::put_if},
      Kind{"delete", 5, &Client::remove},
      Kind{"abort-put", 4, &Client::abort_put},
      Kind{"abort-get", 4, &Client::abort_get},
      Kind{"garbage", 2, &Client::send_garbage},
      Kind{"list", 2, &Client::list},
  };
  static_assert([] {
    std::size_t sum = 0;
    for (const Kind& kind : kinds) sum += kind.weight;
    return sum == 100;
  }());
  outage_ = server_.outage();
  std::size_t chosen = random_.below(100);
  for (const Kind& kind : kinds) {
    if (chosen < kind.weight) {
      report_.count(kind.name);
      return (this->*kind.function)();
    }
    chosen -= kind.weight;
  }
}

void Client::run(const std::atomic<bool>& ends) {
  while (!ends.load()) step();
  connection_.close();
}

}  // namespace soak
