// Where options come from besides the command line: the environment and a file.
//
// Flags come before the environment, that before the file, and that before the defaults. Whatever
// an option takes as --some-name X is QUOIT_SOME_NAME=X and some-name = "X"; ROOT is root. Covered
// by tests/server/config/config_sources_test.cc.
#pragma once

#include <map>
#include <string>

namespace CLI {
class App;
}

namespace server {

class ConfigSources {
 public:
  // `app` has parsed its command line; what that left open is filled in.
  explicit ConfigSources(CLI::App& app) : app_(app) {}

  // Each returns what is wrong, or nothing. A repeatable option's values are parted by commas in
  // the environment, those of --header by line feeds. Variables that are no option's are left
  // alone, for Kubernetes sets QUOIT_PORT and its like where a service is called quoit.
  std::string read_environment();
  std::string read_file(const std::string& path);

  // Where the option of that name got its value if not from the command line, or nothing.
  std::string source_of(const std::string& name) const;

  // All options as a file that read_file() reads, each with where it came from.
  std::string print() const;

 private:
  CLI::App& app_;
  std::map<std::string, std::string> sources_;  // by the option's name
};

}  // namespace server
