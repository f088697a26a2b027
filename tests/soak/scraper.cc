// Reading and comparing metrics. Covered by the runs of the soak itself.
#include "tests/soak/scraper.h"

#include <chrono>
#include <cmath>
#include <string>
#include <thread>

#include "tests/soak/http_client.h"
#include "tests/support/eventually.h"

namespace soak {

namespace {

using test_support::Metrics;

double all_requests(const Metrics& metrics) {
  double sum = 0;
  for (const auto& [series, value] : metrics.samples) {
    if (series.starts_with("quoit_http_requests_total{")) sum += value;
  }
  return sum;
}

// The first counter of `before` that is smaller in `after`; empty: there is none.
std::string decreased(const Metrics& before, const Metrics& after) {
  for (const auto& [series, value] : before.samples) {
    const std::string name = series.substr(0, series.find('{'));
    const bool is_counter =
        name.ends_with("_total") || name.ends_with("_bucket") || name.ends_with("_count");
    if (is_counter && after.value(series) < value) return series;
  }
  return {};
}

}  // namespace

// Nothing where the server is down. Only then may the request fail.
std::optional<Metrics> Scraper::scrape() {
  const std::uint64_t outage = server_.outage();
  HttpClient client;
  Response response;
  if (client.connect(server_.admin_port()) &&
      client.send("GET /metrics HTTP/1.1\r\nHost: soak\r\n\r\n"))
    response = client.read_response(false);
  if (!response.whole || response.status != 200) {
    if (outage % 2 == 0 && server_.outage() == outage)
      report_.fail("/metrics is not answered: status " + std::to_string(response.status));
    return {};
  }
  Metrics metrics = test_support::read_metrics(response.body);
  if (!metrics.is_valid()) report_.fail("/metrics: " + metrics.fault);
  return metrics;
}

void Scraper::run(const std::atomic<bool>& ends) {
  std::optional<Metrics> before;
  std::uint64_t epoch_before = 0;
  for (; !ends.load(); std::this_thread::sleep_for(std::chrono::milliseconds(20))) {
    const std::uint64_t epoch = server_.epoch();
    std::optional<Metrics> metrics = scrape();
    const bool is_certain = metrics && epoch % 2 == 0 && server_.epoch() == epoch;
    if (is_certain && before && epoch == epoch_before) {
      const std::string series = decreased(*before, *metrics);
      if (!series.empty()) report_.fail("a counter goes back: " + series);
    }
    if (metrics) ++scrapes_;
    before = is_certain ? std::move(metrics) : std::nullopt;
    epoch_before = epoch;
  }
}

// The server may not have noticed the end of the last requests yet: the period begins when its
// number no longer changes. It gives the same numbers for 20 ms.
void Scraper::begin_count() {
  counted_ = -1;
  test_support::eventually([&] {
    const double before = counted_;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const std::optional<Metrics> metrics = scrape();
    if (metrics) counted_ = all_requests(*metrics);
    return counted_ == before;
  });
  answered_ = report_.answered();
  uncertain_ = report_.uncertain();
}

void Scraper::check_count() {
  const auto least = static_cast<double>(report_.answered() - answered_);
  const double most = least + static_cast<double>(report_.uncertain() - uncertain_);
  double counted = 0;
  const bool agrees = test_support::eventually([&] {
    const std::optional<Metrics> metrics = scrape();
    if (metrics) counted = all_requests(*metrics) - counted_;
    return counted >= least;
  });
  report_.print(std::to_string(scrapes_) + " scrapes; at the end the server counts " +
                std::to_string(std::lround(counted)) + " requests, the client " +
                std::to_string(std::lround(least)) + " to " + std::to_string(std::lround(most)));
  if (!agrees || counted > most) report_.fail("/metrics does not agree with the client");
}

}  // namespace soak
