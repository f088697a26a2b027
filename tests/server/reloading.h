// A server's configuration that is reloaded without its process: a file, the parts that Reload
// changes, and workers without threads.
//
// Used by tests/server/process/reload_test.cc and tests/server/reload_memory_test.cc.
#pragma once

#include <list>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "apps/server/config/options.h"
#include "apps/server/process/reload.h"
#include "tests/server/world.h"

namespace server::lab {

// The configuration file is etc/quoitd.toml; the logs are off, unless it names some.
class Reloading {
 public:
  // `text` is that of the file at the start.
  explicit Reloading(std::string_view text, std::size_t workers = 2) {
    configure(text);
    EXPECT_FALSE(read_options(count(), words_.data(), config_));
    EXPECT_FALSE(reload_.start(6000, {}));
    reload_.start_logs();
    for (std::size_t i = 0; i < workers; ++i) {
      workers_.emplace_back(shared_, uring::EngineChoice::epoll, std::vector<ListeningSocket*>());
    }
  }
  ~Reloading() { reload_.stop_logs(); }
  Reloading(const Reloading&) = delete;
  Reloading& operator=(const Reloading&) = delete;

  void configure(std::string_view text) const { etc_.put("quoitd.toml", text); }
  Reload::Outcome change(std::string_view text) {
    configure(text);
    return reload_.publish();
  }

  Reload& reload() { return reload_; }
  const Config& config() const { return config_; }
  const Generation& generation() const { return *shared_.generation; }
  const Folder& etc() const { return etc_; }
  std::string file() const { return file_; }

 private:
  int count() const { return static_cast<int>(words_.size()) - 1; }

  const Folder etc_;
  const std::string file_ = (etc_ / "quoitd.toml").string();
  const std::vector<const char*> words_ = {"quoitd", "--config", file_.c_str(), nullptr};
  Config config_;
  Claims claims_;
  Shared shared_{.claims = claims_, .generation = {}, .root = etc_.fd()};
  std::list<Worker> workers_;
  Sandbox sandbox_;
  Reload reload_{config_, {count(), words_.data()}, shared_, workers_, sandbox_};
};

}  // namespace server::lab
