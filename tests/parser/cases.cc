// Reads the case files; the format is in cases.h.
// Covered by every test of cases_test.cc.
#include "tests/parser/cases.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace cases {
namespace {

class FileReader {
 public:
  explicit FileReader(std::filesystem::path path) : path_(std::move(path)) {}

  std::vector<Case> read() {
    std::ifstream file(path_);
    for (std::string line; std::getline(file, line);) {
      ++line_number_;
      if (line.empty() || line[0] == '#') continue;
      take(line);
    }
    require(complete_, "the last case has no result");
    return std::move(cases_);
  }

 private:
  void take(const std::string& line) {
    if (line.starts_with("== ")) return begin(line.substr(3));
    require(!cases_.empty(), "a line before the first case");
    if (line == ">") return add("\\r\\n");
    if (line == ">@") return add("\\r\\@\\n");
    if (line.starts_with("> ")) return add(line.substr(2) + "\\r\\n");
    if (line.starts_with(">- ")) return add(line.substr(3));
    if (line.starts_with(">@ ")) return add(line.substr(3) + "\\r\\@\\n");
    require(line.starts_with("= "), "neither ==, > nor =");
    finish(line.substr(2));
  }

  void begin(const std::string& line) {
    require(complete_, "the case before has no result");
    complete_ = false;
    const std::size_t first = line.find(" | ");
    const std::size_t second = line.find(" | ", first + 1);
    require(second != std::string::npos, "not KIND | RFC | sentence");
    Case& made = cases_.emplace_back();
    made.rfc = line.substr(first + 3, second - first - 3);
    made.sentence = line.substr(second + 3);
    made.place = path_.filename().string() + ":" + std::to_string(line_number_);
    std::istringstream words(line.substr(0, first));
    std::string word;
    words >> word;
    set_kind(made, word);
    while (words >> word) set_limit(made.limits, word);
  }

  void set_kind(Case& made, const std::string& word) {
    constexpr std::string_view answer = "response-to-";
    if (word == "request") {
      made.kind = Kind::request;
    } else if (word == "chunked") {
      made.kind = Kind::chunked;
    } else {
      require(word == "response" || word.starts_with(answer), "no kind " + word);
      made.kind = Kind::response;
      if (word != "response") made.request_method = http1::method_of(word.substr(answer.size()));
    }
  }

  void set_limit(http1::Limits& limits, const std::string& word) {
    const std::map<std::string, std::size_t*> numbers = {
        {"head_bytes", &limits.head_bytes},
        {"fields", &limits.fields},
        {"target_bytes", &limits.target_bytes},
        {"method_bytes", &limits.method_bytes},
        {"trailer_bytes", &limits.trailer_bytes},
        {"trailer_fields", &limits.trailer_fields},
        {"chunk_extension_bytes", &limits.chunk_extension_bytes},
        {"chunk_overhead_bytes", &limits.chunk_overhead_bytes},
    };
    if (word == "strict") {
      limits.lenient = {.browser_target_bytes = false, .status_without_space = false};
      return;
    }
    const std::size_t equals = word.find('=');
    const auto found = numbers.find(word.substr(0, equals));
    require(equals != std::string::npos && found != numbers.end(), "no limit " + word);
    *found->second = std::stoul(word.substr(equals + 1));
  }

  void add(std::string_view text) {
    Case& current = cases_.back();
    current.bytes += unescape(text, [&](std::size_t at) {
      require(!current.mark, "a second mark");
      current.mark = current.bytes.size() + at;
    });
  }

  template <class Mark>
  std::string unescape(std::string_view text, Mark&& mark) {
    std::string bytes;
    while (!text.empty()) {
      if (text[0] != '\\') {
        bytes += text[0];
        text.remove_prefix(1);
        continue;
      }
      require(text.size() >= 2, "a lone backslash");
      const char letter = text[1];
      text.remove_prefix(2);
      if (letter == '@')
        mark(bytes.size());
      else if (letter == '{')
        bytes += repeated(text);
      else if (letter == 'x')
        bytes += hex(text);
      else
        bytes += simple(letter);
    }
    return bytes;
  }

  char simple(char letter) {
    constexpr std::string_view letters = "rnt0\\";
    constexpr std::string_view values("\r\n\t\0\\", 5);
    const std::size_t at = letters.find(letter);
    require(at != std::string_view::npos, "an unknown escape");
    return values[at];
  }

  char hex(std::string_view& text) {
    require(text.size() >= 2, "a short \\x");
    const int value = std::stoi(std::string(text.substr(0, 2)), nullptr, 16);
    text.remove_prefix(2);
    return static_cast<char>(value);
  }

  // 60*a}
  std::string repeated(std::string_view& text) {
    const std::size_t end = text.find('}', text.find('*') + 2);
    require(end != std::string_view::npos, "a repetition without its end");
    const std::string body(text.substr(0, end));
    text.remove_prefix(end + 1);
    std::string bytes;
    const std::size_t star = body.find('*');
    const std::string unit = unescape(std::string_view(body).substr(star + 1), [](std::size_t) {});
    for (std::size_t left = std::stoul(body); left > 0; --left) bytes += unit;
    return bytes;
  }

  void finish(const std::string& line) {
    require(!complete_, "a second result");
    complete_ = true;
    Case& current = cases_.back();
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word == "more") return;
    if (word == "failed") {
      words >> word;
      current.progress = http1::Progress::failed;
      current.error = error_named(word);
      return require(current.mark.has_value(), "a failure without a mark");
    }
    require(word == "done", "no result " + word);
    current.progress = http1::Progress::done;
    while (words >> word) {
      const std::size_t equals = word.find('=');
      require(equals != std::string::npos, "a fact without a value");
      current.facts[word.substr(0, equals)] =
          unescape(std::string_view(word).substr(equals + 1), [](std::size_t) {});
    }
  }

  http1::Error error_named(const std::string& name) {
    for (std::size_t at = 0; at < http1::error_count; ++at) {
      const auto error = static_cast<http1::Error>(at);
      if (http1::name_of(error) == name) return error;
    }
    require(false, "no error " + name);
    return http1::Error::none;
  }

  void require(bool condition, const std::string& problem) const {
    if (condition) return;
    throw std::runtime_error(path_.string() + ":" + std::to_string(line_number_) + ": " + problem);
  }

  std::filesystem::path path_;
  std::vector<Case> cases_;
  int line_number_ = 0;
  bool complete_ = true;
};

}  // namespace

std::vector<Case> load(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".txt") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Case> all;
  for (const auto& path : paths) {
    for (Case& one : FileReader(path).read()) all.push_back(std::move(one));
  }
  return all;
}

std::string slug(std::string_view sentence) {
  std::string name;
  for (const char byte : sentence) {
    const bool plain = std::isalnum(static_cast<unsigned char>(byte)) != 0;
    if (plain)
      name += byte;
    else if (!name.empty() && name.back() != '_')
      name += '_';
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name;
}

}  // namespace cases
