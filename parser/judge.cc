// The meaning of a head's fields for the parser. Covered by tests/parser/cases/host.txt,
// framing.txt and response.txt.
#include "parser/judge.h"

#include "parser/fields.h"
#include "parser/target.h"

namespace http1 {
namespace {

// RFC 9112 3.2.4 and RFC 9110 7.2: an empty Host is for targets without an authority.
bool is_host(std::string_view value, TargetForm form) noexcept {
  if (value.empty()) return form != TargetForm::origin;
  Authority authority;
  return parse_authority(value, authority);
}

}  // namespace

Error HeadJudge::field(RequestHead& head, FieldName name, std::string_view value) noexcept {
  switch (name) {
    case FieldName::host: return host(head, value);
    case FieldName::expect: take_expectation(head, value); return Error::none;
    default: return head.framing_.take(name, value, head.version_);
  }
}

Error HeadJudge::field(ResponseHead& head, FieldName name, std::string_view value) noexcept {
  return head.framing_.take(name, value, head.version_);
}

Error HeadJudge::host(const RequestHead& head, std::string_view value) noexcept {
  if (head.has_repeated(FieldName::host)) return Error::host_repeated;
  return is_host(value, head.form_) ? Error::none : Error::host_invalid;
}

// RFC 9110 10.1.1: 100-continue, in any case, is the only defined expectation; HTTP/1.0 has none.
void HeadJudge::take_expectation(RequestHead& head, std::string_view value) noexcept {
  if (head.version_ == Version::http_1_0) return;
  ListReader list(value);
  for (std::string_view expectation; list.next(expectation);) {
    const bool known = equal_ignoring_case(expectation, "100-continue");
    if (!known) head.expectation_ = Expectation::unsupported;
    if (known && head.expectation_ == Expectation::none) {
      head.expectation_ = Expectation::continue_100;
    }
  }
}

// If no name is repeated, each has one field, and their order does not matter.
template <class AnyHead>
bool HeadJudge::take_each(AnyHead& head, std::uint64_t names) noexcept {
  const auto is_good = [&head, names](FieldName name) {
    return (names & Head::bit(name)) == 0 ||
           field(head, name, head.value_at(head.first_[Head::index(name)])) == Error::none;
  };
  // The usual ones first; the compiler inlines field() into each.
  if (!is_good(FieldName::connection) || !is_good(FieldName::content_length)) return false;
  constexpr std::uint64_t usual =
      Head::bit(FieldName::connection) | Head::bit(FieldName::content_length);
  if ((names & ~usual) == 0) [[likely]]
    return true;
  return is_good(FieldName::host) && is_good(FieldName::expect) &&
         is_good(FieldName::transfer_encoding);
}

template <class AnyHead>
bool HeadJudge::take_all(AnyHead& head, std::uint64_t names, std::size_t first) noexcept {
  if ((head.repeated_ & names) == 0) [[likely]]
    return take_each(head, names);
  for (std::size_t at = first; at < head.field_count_; ++at) {
    const FieldName name = head.ids_[at];
    if ((names & Head::bit(name)) == 0) continue;
    if (field(head, name, head.value_at(at)) != Error::none) return false;
  }
  return true;
}

// Without earlier fields the state to restore is known. Copying it would wait for the stores of
// reset().
bool HeadJudge::fields(RequestHead& head, std::uint64_t names, std::size_t first) noexcept {
  const Framing framing = first == 0 ? Framing() : head.framing_;
  const Expectation expectation = first == 0 ? Expectation::none : head.expectation_;
  if (take_all(head, names, first)) return true;
  head.framing_ = framing;
  head.expectation_ = expectation;
  return false;
}

bool HeadJudge::fields(ResponseHead& head, std::uint64_t names, std::size_t first) noexcept {
  const Framing framing = first == 0 ? Framing() : head.framing_;
  if (take_all(head, names, first)) return true;
  head.framing_ = framing;
  return false;
}

}  // namespace http1
