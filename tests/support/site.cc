// Starts quoitd, reads its addresses and stops it. Covered by tests/end_to_end/.
#include "tests/support/site.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <signal.h>
#include <stdexcept>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"

namespace test_support {

namespace {

constexpr std::string_view announcement = "quoitd: listening on ";

std::vector<std::string> command(const std::vector<std::string>& arguments, const SiteSetup& setup,
                                 const std::string& served) {
  std::vector<std::string> all = setup.wrapper;
  all.push_back(quoitd_path());
  if (!setup.listens_elsewhere) all.insert(all.end(), {"--listen", "127.0.0.1:0"});
  all.insert(all.end(), {"--workers", std::to_string(setup.workers)});
  all.insert(all.end(), arguments.begin(), arguments.end());
  all.push_back(served);
  return all;
}

std::size_t count_listens(const std::vector<std::string>& arguments) {
  return static_cast<std::size_t>(std::count(arguments.begin(), arguments.end(), "--listen"));
}

}  // namespace

Site::Site(const std::vector<std::string>& arguments, const SiteSetup& setup)
    : process_(std::make_unique<Process>(
          command(arguments, setup, setup.served.empty() ? root.path() : setup.served))) {
  find_urls(count_listens(arguments) + (setup.listens_elsewhere ? 0 : 1));
}

Site::~Site() {
  if (process_->running()) stop();
  expect_no_sanitizer_report(process_->err());
}

void Site::find_urls(std::size_t count) {
  const auto announced = [&] {
    urls_.clear();
    const std::string err = process_->err();
    for (std::size_t at = err.find(announcement); at != std::string::npos;
         at = err.find(announcement, at)) {
      at += announcement.size();
      const std::size_t end = err.find('\n', at);
      if (end != std::string::npos) urls_.push_back(err.substr(at, end - at));
    }
    return urls_.size() == count || !process_->running();
  };
  if (!eventually(announced) || urls_.size() != count) {
    throw std::runtime_error("quoitd does not start; it says: " + process_->err());
  }
}

std::uint16_t Site::port(std::size_t url) const {
  const std::string& text = urls_.at(url);
  const char* begin = text.data() + text.rfind(':') + 1;
  std::uint16_t port = 0;
  std::from_chars(begin, text.data() + text.size(), port);
  return port;
}

Response Site::ask(std::string_view request, RawClient::To method) const {
  RawClient client = connect();
  return client.ask(request, method);
}

void Site::suspend() const {
  signal(SIGSTOP);
  const std::filesystem::path tasks = "/proc/" + std::to_string(process_->pid()) + "/task";
  const auto is_stopped = [](const std::filesystem::path& task) {
    std::ifstream file(task / "stat");
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return text.find(") T") != std::string::npos;
  };
  EXPECT_TRUE(eventually([&] {
    const std::filesystem::directory_iterator all(tasks);
    return std::all_of(begin(all), end(all), is_stopped);
  }));
}

void Site::stop() {
  signal(SIGTERM);
  EXPECT_EQ(wait(), 0) << process_->err();
}

bool has_sandbox() {
#ifdef SANITIZED
  return false;
#else
  return true;
#endif
}

bool restricts_files(const Site& site) {
  return has_sandbox() &&
         site.process().err().find("the sandbox lacks Landlock (") == std::string::npos;
}

void expect_no_sanitizer_report(const std::string& err) {
  for (const char* mark : {"Sanitizer", "runtime error:", "Assertion"}) {
    EXPECT_EQ(err.find(mark), std::string::npos) << err;
  }
}

std::string quoitd_path() { return QUOITD_PATH; }

std::string quoit_path() { return QUOIT_PATH; }

std::string without_ring_path() { return WITHOUT_RING_PATH; }

// The profile does not allow the system calls of a sanitizer.
std::vector<std::string> under_profile() {
#ifdef SANITIZED
  return {};
#else
  return {UNDER_PROFILE_PATH, PROFILE_PATH};
#endif
}

}  // namespace test_support
