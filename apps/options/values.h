// Values: the value of each option of a program, and where it was given.
//
// A new Values has the defaults of the table. The command line is read first, then the environment,
// then the file; an option keeps the first value that it is given. The texts are checked when they
// are set, so that the getters below need no error. Covered by tests/options/values_test.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/options/exit_reason.h"
#include "apps/options/place.h"
#include "apps/options/table.h"

namespace options {

struct Setting {
  const Option* option = nullptr;
  // The values as text. One for an option that is not repeatable; none where that has no default.
  std::vector<std::string> texts = {};
  Place place = {};

  bool is_given() const { return place.source != Source::table; }
};

class Values {
 public:
  // `program` must outlive this.
  explicit Values(const Program& program);

  const Program& program() const { return *program_; }
  // In the order of the table.
  std::span<const Setting> all() const { return settings_; }
  // `name` must be in the table, here and below.
  const Setting& setting(std::string_view name) const;

  // Sets an option that is not given yet. Fails where the texts are no values of `option`, or are
  // too many or too few; then nothing is set.
  [[nodiscard]] ExitReason set(const Option& option, std::vector<std::string> texts, Place place);

  bool is_given(std::string_view name) const { return setting(name).is_given(); }
  bool flag(std::string_view name) const;
  std::uint64_t count(std::string_view name) const;
  std::uint64_t bytes(std::string_view name) const;
  std::int64_t milliseconds(std::string_view name) const;
  // Of an option that is not repeatable; empty where it has no value.
  const std::string& text(std::string_view name) const;
  const std::vector<std::string>& texts(std::string_view name) const;

 private:
  const Program* program_;
  std::vector<Setting> settings_;  // one for each row, in order
};

// The options whose texts differ in two Values of one program, in the order of the table.
[[nodiscard]] std::vector<const Option*> changed_options(const Values& before, const Values& after);

}  // namespace options
