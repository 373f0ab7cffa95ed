/* `minning up` and `down`: every service of one home on this machine, with its private Redis. */
#include "services/minning/ask.h"
#include "services/minning/cli.h"
#include "services/minning/supervise.h"

#include "services/stage/clock.h"
#include "services/stage/home.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define UP_LOCK "run/up.lock"
#define UP_PID "run/up.pid"
#define UP_RESTORING "restoring" /* left by a restore that did not come to its end */
enum { UP_WAIT_MS = 30000, DOWN_WAIT_MS = 10000 };

/* In the order in which they start: a writer before its reader, the door last. */
static const char *const names[] = {"vault", "intake", "validation", "aggregation", "alerting", "notifier", "gateway", "console"};
enum { NAMES = sizeof names / sizeof names[0] };

/* Redis binds after it has gone into its --dir; a path relative to it stays short however deep the home lies. */
static const char *const redis_argv[] = {"redis-server",
                                         "--port",
                                         "0",
                                         "--unixsocket",
                                         "../../" HOME_REDIS,
                                         "--unixsocketperm",
                                         "700",
                                         "--dir",
                                         "data/redis",
                                         "--appendonly",
                                         "yes",
                                         "--save",
                                         "",
                                         "--daemonize",
                                         "no",
                                         "--loglevel",
                                         "notice",
                                         NULL};

/* --- the plan of processes --- */

/* The folder of this very program: the services stand beside it. */
static const char *beside(cli_t *cli, const char *name) {
    char self[4096];
    ssize_t size = readlink("/proc/self/exe", self, sizeof self - 1);
    if (size <= 0) return arena_format(cli->arena, "minning-%s", name).at;
    self[size] = '\0';
    char *slash = strrchr(self, '/');
    if (slash != NULL) *slash = '\0';
    return arena_format(cli->arena, "%s/minning-%s", self, name).at;
}

static size_t services_of(cli_t *cli, service_t *services) {
    size_t count = 0;
    bool elsewhere = home_setting("redis/host", NULL) != NULL || home_setting("redis/socket", NULL) != NULL;
    bool external = elsewhere || strcmp(home_setting("redis/external", "0"), "0") != 0;
    /* Killed, not asked, if we die: a Redis that leaves in order removes the socket file, and by then it may be its
     * successor's. */
    if (!external) services[count++] = (service_t){"redis", redis_argv, SIGKILL};
    for (size_t index = 0; index < NAMES; index++) {
        const char **argv = ARENA_NEW(cli->arena, const char *, 3);
        argv[0] = beside(cli, names[index]);
        argv[1] = cli->home;
        services[count++] = (service_t){names[index], argv, SIGTERM};
    }
    return count;
}

static void tell(void *self, const char *name, const char *what, long number) {
    const cli_t *cli = self;
    int64_t offset = 480;
    text_t when = cli_when(cli, offset, clock_wall_ms());
    printf(TEXT_FORMAT " %-12s %s", TEXT_ARGS(when), name, what);
    if (number != 0) printf(" %ld", number);
    putchar('\n');
    fflush(stdout);
}

/* --- one up a home --- */

/* The lock is held until the process ends. -1: somebody else holds it. */
static int lock_home(void) {
    int file = open(UP_LOCK, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) return -1;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) return file;
    close(file);
    return -1;
}

static pid_t running_pid(cli_t *cli) {
    text_t content;
    if (home_read(UP_PID, cli->arena, 64, &content) != OK) return 0;
    long pid = strtol(content.at, NULL, 10);
    return pid > 1 ? (pid_t)pid : 0;
}

static int run_services(cli_t *cli, int lock) {
    if (mkdir("data/redis", 0700) != 0 && errno != EEXIST)
        return cli_fail(cli, EX_OSERR, "无法建立目录", "cannot make", "data/redis");
    err_t err = home_write(UP_PID, arena_format(cli->arena, "%ld\n", (long)getpid()), 0600);
    if (err != OK) return cli_fail(cli, EX_OSERR, "无法写入", "cannot write", UP_PID);
    service_t services[SUPERVISE_MAX];
    size_t count = services_of(cli, services);
    int killed = supervise(services, count, tell, cli);
    unlink(UP_PID);
    close(lock);
    return killed == 0 ? EXIT_WELL : EX_SOFTWARE;
}

/* --- in the background --- */

/* Its port may be any that was free. */
static void tell_console(cli_t *cli) {
    text_t url;
    if (home_read("run/console.url", cli->arena, 256, &url) == OK && url.size > 0)
        printf(cli_say(cli, "网页 %.*s\n", "console %.*s\n"), (int)url.size - 1, url.at);
}

static int wait_until_well(cli_t *cli, pid_t keeper) {
    uint64_t seconds = UP_WAIT_MS / 1000;
    if (cli_option(cli, OPTION_timeout) != NULL && !cli_number(cli_option(cli, OPTION_timeout), &seconds))
        return cli_fail(cli, EX_USAGE, "秒数应为整数", "seconds are a whole number", cli_option(cli, OPTION_timeout));
    int64_t until = clock_steady_ms() + (int64_t)seconds * 1000;
    while (clock_steady_ms() < until) {
        if (kill(keeper, 0) != 0)
            return cli_fail(cli, EX_SOFTWARE, "启动失败，见 log/up.log", "it ended, see log/up.log", NULL);
        if (ask_all_well(cli)) {
            printf("%s\n", cli_say(cli, "全部服务就绪", "every service is well"));
            tell_console(cli);
            return EXIT_WELL;
        }
        poll(NULL, 0, 100);
    }
    return cli_fail(cli, EX_UNAVAILABLE, "服务未全部就绪，见 minning status", "not every service is well, see minning status",
                    NULL);
}

/* The child becomes the keeper; the parent, which has made no ZeroMQ context before the fork, asks and returns. */
static int go_to_background(cli_t *cli, int lock) {
    fflush(stdout);
    pid_t keeper = fork();
    if (keeper < 0) return cli_fail(cli, EX_OSERR, "无法创建进程", "cannot fork", strerror(errno));
    if (keeper > 0) {
        close(lock);
        return wait_until_well(cli, keeper);
    }
    setsid();
    int log = open("log/up.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (log >= 0) {
        dup2(log, STDOUT_FILENO);
        dup2(log, STDERR_FILENO);
    }
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);
    int exit_code = run_services(cli, lock);
    fflush(stdout);
    _exit(exit_code);
}

int verb_up(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    if (access(UP_RESTORING, F_OK) == 0)
        return cli_fail(cli, EX_CONFIG, "上次恢复没有完成，请重新执行 minning restore", "a restore was not finished: run minning restore again",
                        UP_RESTORING);
    int lock = lock_home();
    if (lock < 0) {
        text_t pid = arena_format(cli->arena, "pid %ld", (long)running_pid(cli));
        return cli_fail(cli, EX_TEMPFAIL, "此处已在运行", "it is up already", pid.at);
    }
    return cli_option(cli, OPTION_wait) != NULL ? go_to_background(cli, lock) : run_services(cli, lock);
}

int verb_down(cli_t *cli) {
    int exit_code = cli_enter(cli);
    if (exit_code != EXIT_WELL) return exit_code;
    int lock = lock_home();
    pid_t pid = running_pid(cli);
    if (lock >= 0 || pid == 0) {
        if (lock >= 0) close(lock);
        return cli_fail(cli, EX_UNAVAILABLE, "没有在运行", "it is not up", cli->home);
    }
    if (kill(pid, SIGTERM) != 0) return cli_fail(cli, EX_NOPERM, "无法通知该进程", "cannot tell the process", strerror(errno));
    int64_t until = clock_steady_ms() + DOWN_WAIT_MS;
    while ((lock = lock_home()) < 0) {
        if (clock_steady_ms() > until) return cli_fail(cli, EX_TEMPFAIL, "尚未停下", "it has not stopped yet", cli->home);
        poll(NULL, 0, 20);
    }
    close(lock);
    return EXIT_WELL;
}
