// The functions of a head that are more than a look-up.
// Covered by tests/parser/message_test.cc.
#include "parser/message.h"

#include "parser/fields.h"

namespace http1 {

bool Head::find(std::string_view name, std::string_view& value) const noexcept {
  for (std::size_t at = 0; at < field_count_; ++at) {
    if (!equal_ignoring_case(name_at(at), name)) continue;
    value = value_at(at);
    return true;
  }
  return false;
}

std::string_view RequestHead::path() const noexcept {
  if (form_ == TargetForm::absolute && path_.size == 0) return "/";
  return view(path_);
}

std::string_view RequestHead::authority() const noexcept {
  const bool in_target = form_ == TargetForm::absolute || form_ == TargetForm::authority;
  return in_target ? view(authority_) : value_of(FieldName::host);
}

}  // namespace http1
