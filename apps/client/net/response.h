// The meaning of a response's head for the job that requested it, and its sentences for people.
//
// All pure. Covered by tests/client/net/response_test.cc.
#pragma once

#include <string>
#include <string_view>

#include "apps/client/command/exit_code.h"
#include "apps/client/command/plan.h"
#include "apps/client/command/url.h"
#include "parser/message.h"
#include "parser/names.h"

namespace client {

// "201 Created", with the standard reason phrase where the server gave none.
[[nodiscard]] std::string status_text(const http1::ResponseHead& head);

// Says whether the response leads GET and HEAD to another URL. RFC 9110 15.4.
[[nodiscard]] bool redirects(const http1::ResponseHead& head);

// The weird_reply for a status that a request has to ask for, where it did not: 206 without Range,
// 226 without A-IM, 304 without a condition. None for any other response.
[[nodiscard]] ExitReason unrequested(const http1::ResponseHead& head, http1::Method method,
                                     const Settings& settings, const Url& where);

// The http_error for a response that is no success: its status, and advice.
[[nodiscard]] ExitReason refused(const http1::ResponseHead& head, const Url& where);

// The advice on a status that is not a success, as "; check the path"; empty where there is none.
[[nodiscard]] std::string_view advice_on(int status);

// The content codings of the body, as "gzip", where the request did not ask for one; else empty.
[[nodiscard]] std::string_view unrequested_coding(const http1::ResponseHead& head,
                                                  const Settings& settings);

}  // namespace client
