// A task type that cannot keep a secret: it tells it in every way there is. Another one forks a child that ends
// itself.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ganger/plugin.hpp>
#include <string>

namespace {

struct Tell {
  static constexpr const char* name = "tell";
  static constexpr const char* summary = "Tells its secret";
  static constexpr ganger::param params[] = {{"token", GANGER_SECRET, "the secret", nullptr, ganger::required},
                                             {"text", GANGER_STR, "a text that may hold it, too"},
                                             {"fail", GANGER_BOOL, "tell it in the reason of a failure", "false"}};

  void run(const ganger::ctx& c) {
    const auto token = c.get<std::string>("token");
    c.info("the token is " + token + " and " + c.get<std::string>("text"));
    c.progress(1, 1, "with " + token);
    c.out("token", "it was " + token);
    if (c.get<bool>("fail")) throw ganger::error("wrong token " + token);
  }
};

struct Fork {
  static constexpr const char* name = "fork";
  static constexpr const char* summary = "Has a child that calls exit()";
  static constexpr ganger::param params[] = {{"text", GANGER_STR, "said when that has ended", ""}};

  void run(const ganger::ctx& c) {
    const pid_t child = fork();
    if (child == 0) std::exit(7);
    int status = 0;
    waitpid(child, &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 7) throw ganger::error("the child has not ended with 7");
    c.info(c.get<std::string>("text"));
  }
};

}  // namespace

GANGER_PLUGIN("teller", "1.0.0", Tell, Fork)
