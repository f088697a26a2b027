// The messages of the benchmark: a few constant messages, as in other benchmarks, and two mixes of
// different messages in random order, as in a server. A branch predictor learns a single message
// within milliseconds; it cannot learn a mix.
#include "bench/parser/messages.h"

#include <cstdint>
#include <numeric>
#include <string_view>

#include "parser/hex.h"
#include "parser/splitmix64.h"

namespace bench {
namespace {

// A fixed seed: every machine measures the same messages.
class Random : public http1::SplitMix64 {
 public:
  Random() : SplitMix64(2026) {}
  bool chance(std::size_t percent) { return below(100) < percent; }
  std::size_t between(std::size_t low, std::size_t high) { return low + below(high - low + 1); }

  template <std::size_t count>
  std::string_view one_of(const std::string_view (&choices)[count]) {
    return choices[below(count)];
  }
  std::string text(std::string_view letters, std::size_t size) {
    std::string made;
    for (; size != 0; --size) made += letters[below(letters.size())];
    return made;
  }
};

constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view base64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::string_view agents[] = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/129.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
    "Gecko) Version/17.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Safari/605.1.15",
    "curl/8.9.1",
    "Wget/1.21.4",
    "Go-http-client/1.1",
    "python-requests/2.32.3",
};
constexpr std::string_view accepts[] = {
    "*/*",
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8",
    "text/css,*/*;q=0.1",
    "application/json",
};
constexpr std::string_view languages[] = {"en-US,en;q=0.5", "de,en-US;q=0.7,en;q=0.3", "fr",
                                          "en-GB,en-US;q=0.9,en;q=0.8"};
constexpr std::string_view kinds[] = {".html", ".css", ".js", ".png", ".webp", ".json", "/", ""};

std::string make_target(Random& random, std::size_t most_segments) {
  std::string target;
  for (std::size_t left = random.between(1, most_segments); left != 0; --left) {
    target += '/' + random.text(lower, random.between(2, 14));
  }
  if (random.chance(4)) target += "/%20" + random.text(lower, 4);
  target += random.one_of(kinds);
  if (random.chance(30))
    target += "?v=" + random.text(http1::lower_hex_digits, random.between(1, 32));
  return target;
}

std::string make_host(Random& random) {
  std::string host = random.text(lower, random.between(3, 14)) + ".example";
  if (random.chance(50)) host.insert(0, "www.");
  if (random.chance(15)) host += ":8080";
  return host;
}

// The fields of a request in random order, because clients differ in the order too.
std::string make_fields(Random& random, std::vector<std::string> fields) {
  std::string text;
  while (!fields.empty()) {
    const std::size_t next = random.chance(50) ? 0 : random.below(fields.size());
    text += fields[next] + "\r\n";
    fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(next));
  }
  return text + "\r\n";
}

std::string field(std::string_view name, std::string_view value) {
  return std::string(name) + ": " + std::string(value);
}

std::string make_large_request(Random& random) {
  const std::string host = make_host(random);
  std::vector<std::string> fields = {field("Host", host),
                                     field("User-Agent", random.one_of(agents)),
                                     field("Accept", random.one_of(accepts))};
  const auto perhaps = [&](std::size_t percent, std::string text) {
    if (random.chance(percent)) fields.push_back(std::move(text));
  };
  perhaps(80, field("Accept-Language", random.one_of(languages)));
  perhaps(90, field("Accept-Encoding", "gzip, deflate, br"));
  perhaps(60, field("Connection", "keep-alive"));
  perhaps(85, field("Referer", "https://" + host + make_target(random, 4)));
  perhaps(85, field("Cookie", "session=" + random.text(base64, random.between(20, 160))));
  perhaps(35, field("If-None-Match",
                    '"' + random.text(http1::lower_hex_digits, random.between(8, 32)) + '"'));
  perhaps(30, field("If-Modified-Since", "Sat, 21 Nov 2026 10:11:12 GMT"));
  perhaps(55, field("Sec-Fetch-Dest", "document"));
  perhaps(55, field("Sec-Fetch-Mode", "navigate"));
  perhaps(55, field("Sec-Fetch-Site", "same-origin"));
  perhaps(30, field("Upgrade-Insecure-Requests", "1"));
  perhaps(25, field("Cache-Control", "max-age=0"));
  perhaps(20, field("Priority", "u=0, i"));
  perhaps(15, field("DNT", "1"));
  perhaps(10, field("X-Requested-With", "XMLHttpRequest"));
  perhaps(10, field("Authorization", "Bearer " + random.text(base64, random.between(40, 120))));
  perhaps(8, field("Range", "bytes=" + std::to_string(random.below(100000)) + "-"));
  perhaps(8, field("Content-Length", std::to_string(random.below(1000000))));
  const std::string_view method = fields.back().starts_with("Content-L") ? "POST " : "GET ";
  return std::string(method) + make_target(random, 6) + " HTTP/1.1\r\n" +
         make_fields(random, std::move(fields));
}

std::string make_small_request(Random& random) {
  std::vector<std::string> fields = {field("Host", make_host(random))};
  const auto perhaps = [&](std::size_t percent, std::string text) {
    if (random.chance(percent)) fields.push_back(std::move(text));
  };
  perhaps(60, field("User-Agent", agents[4 + random.below(4)]));
  perhaps(60, field("Accept", "*/*"));
  perhaps(30, field("Accept-Encoding", "gzip"));
  perhaps(20, field("Connection", random.chance(70) ? "keep-alive" : "close"));
  perhaps(10, field("Content-Length", std::to_string(random.below(10000))));
  perhaps(10, field("X-Request-Id", random.text(http1::lower_hex_digits, 16)));
  const std::string_view methods[] = {"GET ", "GET ", "GET ", "HEAD ", "PUT ", "DELETE "};
  return std::string(random.one_of(methods)) + make_target(random, 4) + " HTTP/1.1\r\n" +
         make_fields(random, std::move(fields));
}

std::vector<std::string> make_crowd(std::string (&make)(Random&)) {
  Random random;
  std::vector<std::string> crowd;
  for (int count = 0; count < 2048; ++count) crowd.push_back(make(random));
  return crowd;
}

// The shape of the request in picohttpparser's bench.c: nine fields, two of them long.
constexpr std::string_view pico =
    "GET /wp-content/uploads/2026/03/a-cat-that-looks-out-of-a-window.jpg HTTP/1.1\r\n"
    "Host: www.kitten-pictures.example\r\n"
    "User-Agent: Mozilla/5.0 (Macintosh; U; Intel Mac OS X 10.6; de-DE; rv:1.9.2.15) "
    "Gecko/20110303 Firefox/3.6.15\r\n"
    "Accept: image/png,image/*;q=0.8,*/*;q=0.5\r\n"
    "Accept-Language: de,en-us;q=0.7,en;q=0.3\r\n"
    "Accept-Encoding: gzip,deflate\r\n"
    "Accept-Charset: UTF-8,utf-8;q=0.7,*;q=0.7\r\n"
    "Keep-Alive: 115\r\n"
    "Connection: keep-alive\r\n"
    "Cookie: wp_ozh_wsa_visits=2; wp_ozh_wsa_visit_lasttime=xxxxxxxxxx; "
    "__utma=xxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.xxxxxxxxxx.x; "
    "__utmz=xxxxxxxxx.xxxxxxxxxx.x.x.utmccn=(referral)|utmcsr=reader.example|utmcct=/reader/"
    "view/list|utmcmd=referral; wp_last_seen=2026-11-23T01:02\r\n\r\n";
static_assert(pico.size() == 703);

constexpr std::string_view wrk = "GET /static/index.html HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n";
static_assert(wrk.size() == 57);

constexpr std::string_view curl =
    "GET /downloads/file.tar HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: curl/8.9.1\r\n"
    "Accept: */*\r\n\r\n";
static_assert(curl.size() == 95);

constexpr std::string_view chrome =
    "GET /assets/index-4fa2c1d9.js HTTP/1.1\r\n"
    "Host: shop.example.com\r\n"
    "Connection: keep-alive\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/129.0.0.0 Safari/537.36\r\n"
    "sec-ch-ua: \"Google Chrome\";v=\"129\", \"Not=A?Brand\";v=\"8\", \"Chromium\";v=\"129\"\r\n"
    "DNT: 1\r\n"
    "sec-ch-ua-mobile: ?0\r\n"
    "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
    "Origin: https://shop.example.com\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Sec-Fetch-Mode: cors\r\n"
    "Sec-Fetch-Dest: script\r\n"
    "Referer: https://shop.example.com/\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "Cookie: sid=8f14e45fceea167a5a36dedd4bea2543; theme=dark; consent=2; "
    "basket=eyJpdGVtyI6W3siaWQiOjQyLCJuIjoxfV0sInYiOjN9; last_seen=2026-11-23T01:02:03Z; "
    "ab=variant-b\r\n"
    "If-None-Match: \"66f1c2a4-1f3b7\"\r\n\r\n";
static_assert(chrome.size() == 855);

constexpr std::string_view response =
    "HTTP/1.1 200 OK\r\n"
    "Server: nginx/1.27.1\r\n"
    "Date: Mon, 23 Nov 2026 01:02:03 GMT\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Length: 31415\r\n"
    "Last-Modified: Sat, 21 Nov 2026 10:11:12 GMT\r\n"
    "Connection: keep-alive\r\n"
    "ETag: \"66f1c2a4-7ab7\"\r\n"
    "Accept-Ranges: bytes\r\n\r\n";
static_assert(response.size() == 256);

Workload one(const char* name, const char* what, bool is_response, std::string_view message) {
  return {name, what, is_response, {std::string(message)}};
}

}  // namespace

std::size_t Workload::mean_size() const {
  const std::size_t all = std::accumulate(
      messages.begin(), messages.end(), std::size_t{0},
      [](std::size_t sum, const std::string& message) { return sum + message.size(); });
  return all / messages.size();
}

std::vector<Workload> make_workloads() {
  return {one("pico703", "the shape of picohttpparser's own bench, 9 fields", false, pico),
          one("wrk", "as wrk sends it, 1 field", false, wrk),
          one("curl", "as curl sends it, 3 fields", false, curl),
          one("chrome", "as a browser sends it, 19 fields", false, chrome),
          {"mix", "2048 different requests", false, make_crowd(make_large_request)},
          {"mixsmall", "2048 different small requests", false, make_crowd(make_small_request)},
          one("response", "a response with 8 fields", true, response)};
}

}  // namespace bench
