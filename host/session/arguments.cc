#include "host/session/arguments.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>

#include "host/secrets.h"

namespace ganger::host {

namespace {

std::span<char*> argument_words;

}  // namespace

void note_arguments(int argc, char** argv) { argument_words = {argv, static_cast<std::size_t>(argc)}; }

void hide_secret_arguments() {
  if (!secrets_of_process().any()) return;
  for (char* word : argument_words) {
    const std::size_t size = std::strlen(word);
    const std::string masked = secrets_of_process().masked(word);
    // Never longer than it was: no secret is shorter than what stands for it.
    if (masked.size() > size || masked == word) continue;
    std::memset(word, 0, size);
    std::ranges::copy(masked, word);
  }
}

}  // namespace ganger::host
