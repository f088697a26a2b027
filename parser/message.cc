// The few answers of a head that are more than a look-up.
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

void Head::reset() noexcept {
  bytes_ = nullptr;
  present_ = 0;
  repeated_ = 0;
  framing_ = Framing();
  body_ = Body();
  cursor_ = 0;
  mark_ = 0;
  size_ = 0;
  failure_offset_ = 0;
  field_count_ = 0;
  phase_ = 0;
  error_ = Error::none;
  version_ = Version::http_1_0;
  keep_alive_ = false;
}

std::string_view RequestHead::path() const noexcept {
  if (form_ == TargetForm::absolute && path_.size == 0) return "/";
  return view(path_);
}

std::string_view RequestHead::authority() const noexcept {
  const bool in_target = form_ == TargetForm::absolute || form_ == TargetForm::authority;
  return in_target ? view(authority_) : value_of(FieldName::host);
}

void RequestHead::reset() noexcept {
  Head::reset();
  method_span_ = {};
  target_ = {};
  authority_ = {};
  path_ = {};
  query_ = {};
  method_ = Method::unknown;
  form_ = TargetForm::origin;
  expectation_ = Expectation::none;
  has_query_ = false;
}

void ResponseHead::reset() noexcept {
  Head::reset();
  reason_ = {};
  status_ = 0;
  reason_space_missing_ = false;
}

}  // namespace http1
