// AdminSite: a quoitd with an admin listener. Covered by admin_test.cc and admin_trouble_test.cc,
// whose tests use it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"
#include "tests/support/prometheus.h"
#include "tests/support/site.h"

namespace test_support {

// The address of the admin listener, as the server has printed it.
inline std::string admin_url(const Site& site) {
  const std::string err = site.process().err();
  constexpr std::string_view mark = "quoitd: admin listener on ";
  const std::size_t begin = err.find(mark);
  if (begin == std::string::npos) ADD_FAILURE() << err;
  if (begin == std::string::npos) return {};
  return err.substr(begin + mark.size(), err.find('\n', begin) - begin - mark.size());
}

// The port of "http://127.0.0.1:PORT/".
inline std::uint16_t port_in(const std::string& url) {
  return static_cast<std::uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
}

// A Site with an admin listener.
class AdminSite {
 public:
  explicit AdminSite(std::vector<std::string> arguments = {}, const SiteSetup& setup = {}) {
    arguments.insert(arguments.end(), {"--admin", "127.0.0.1:0"});
    site_ = std::make_unique<Site>(arguments, setup);
    port_ = port_in(admin_url(*site_));
  }

  Site& site() const { return *site_; }
  RawClient connect() const { return RawClient::to_port(port_); }
  Response ask(std::string_view target, const std::vector<std::string>& fields = {}) const {
    RawClient client = connect();
    return client.ask(get(target, fields));
  }
  Metrics metrics() const {
    const Response response = ask("/metrics");
    EXPECT_EQ(response.status, 200);
    Metrics metrics = read_metrics(response.body);
    EXPECT_EQ(metrics.fault, "");
    return metrics;
  }
  double metric(const std::string& series) const { return metrics().value(series); }
  // Waits until /readyz has that body.
  bool comes_to(std::string_view readiness) const {
    return eventually([&] { return ask("/readyz").body == readiness; });
  }

 private:
  std::unique_ptr<Site> site_;
  std::uint16_t port_ = 0;
};

}  // namespace test_support
