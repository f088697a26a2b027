// Scripts for shells as text. What the shells make of them is tested by shells_test.
#include "apps/options/completions.h"

#include <gtest/gtest.h>

#include "tests/options/sample.h"

namespace options {
namespace {

using Writer = std::string (*)(const Program&);
constexpr std::array<Writer, 3> writers = {bash_completion, zsh_completion, fish_completion};

void expect_all(const std::string& script, std::initializer_list<const char*> parts) {
  for (const char* part : parts) {
    EXPECT_NE(script.find(part), std::string::npos) << part << "\n" << script;
  }
}

TEST(Completions, have_every_option_and_every_verb) {
  for (const Writer write : writers) {
    for (const Program* program : {&sample::server, &sample::client}) {
      const std::string script = write(*program);
      for (const Option& option : program->options) {
        if (option.is_operand) continue;
        EXPECT_NE(script.find(option.name), std::string::npos) << option.name << "\n" << script;
      }
      for (const Verb& verb : program->verbs) {
        EXPECT_NE(script.find(verb.name), std::string::npos) << verb.name << "\n" << script;
      }
    }
  }
}

TEST(Completions, for_bash_know_values_and_verbs) {
  expect_all(bash_completion(sample::server),
             {"    --durability) words='none data full' ;;\n",
              "    --not-found) compopt -o default && return ;;\n",
              "    -l | --listen | --index | --header | ", "\ncomplete -F _sampled sampled\n"});
  expect_all(bash_completion(sample::client),
             {"        get) words='-o --output -h --help ", "        put) words='-h --help ",
              "        help) words='get put help' ;;\n", "        *) words='get put help -o "});
}

TEST(Completions, for_zsh_know_values_and_verbs) {
  expect_all(zsh_completion(sample::server),
             {"#compdef sampled\n", "'(-w --writable)'{-w,--writable}'[allow PUT and DELETE]'",
              "'(--durability)--durability=[what a power cut leaves of an "
              "upload]:durability:(none data full)'",
              "'*'{-l,--listen=}'[address to listen on]:ADDR:'",
              "'*--header=['\\''Name: value'\\'' for every response]:LINE:'", "':ROOT:_files -/'"});
  expect_all(zsh_completion(sample::client), {"'put:send a file'", "        put) _arguments -s",
                                              "':FILE:_files' ':URL:'", "'*:URL:'"});
}

TEST(Completions, for_fish_know_values_and_verbs) {
  expect_all(fish_completion(sample::server),
             {"complete -c sampled -l durability -x -a 'none data full' -d 'what a power cut",
              "complete -c sampled -s w -l writable -d 'allow PUT and DELETE'\n",
              "complete -c sampled -l not-found -r -F -d 'page for 404'\n",
              "-l max-head -x -d 'largest request head'\n"});
  expect_all(fish_completion(sample::client),
             {"complete -c sample -n __fish_use_subcommand -f -a get -d 'get files'\n",
              "complete -c sample -n '__fish_seen_subcommand_from get' -s o -l output -r -F",
              "complete -c sample -s v -l verbose -d 'show both heads'\n"});
}

}  // namespace
}  // namespace options
