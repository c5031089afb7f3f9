/*
 * The Hyperscan yardstick: counts the matches of patterns in a file, and the seconds that the scan alone takes.
 *
 *     hyperscan FILE PATTERN...    prints: MATCHES SECONDS
 *
 * Block mode, one database for all patterns, one call over the whole file: Hyperscan's best case. Compiling the
 * database, allocating the scratch and mapping the file (every page touched) come before the clock starts. No start
 * of match is asked for, for that would cost it much; so a match is counted by its end.
 */
#include <fcntl.h>
#include <hs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { MAX_PATTERNS = 16 };

static void fail(const char *what)
{
    fprintf(stderr, "hyperscan: %s\n", what);
    exit(1);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *count)
{
    (void)id, (void)from, (void)to, (void)flags;
    ++*(unsigned long long *)count;
    return 0;
}

static hs_database_t *compile(int count, char **patterns)
{
    unsigned flags[MAX_PATTERNS] = {0}, ids[MAX_PATTERNS];
    hs_database_t *database;
    hs_compile_error_t *error;

    if (count > MAX_PATTERNS)
        fail("too many patterns");
    for (int i = 0; i < count; i++)
        ids[i] = i;
    /* No platform given: the database is made for the processor it runs on. */
    if (hs_compile_multi((const char *const *)patterns, flags, ids, count, HS_MODE_BLOCK, NULL, &database, &error))
        fail(error->message);
    return database;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        fail("usage: hyperscan FILE PATTERN...");
    hs_database_t *database = compile(argc - 2, argv + 2);
    hs_scratch_t *scratch = NULL;
    if (hs_alloc_scratch(database, &scratch))
        fail("no memory for the scratch");

    struct stat meta;
    int file = open(argv[1], O_RDONLY);
    if (file < 0 || fstat(file, &meta))
        fail("the file cannot be opened");
    /* The length of a block is 32 bits wide. */
    if (meta.st_size == 0 || meta.st_size > 0xFFFFFFFFLL)
        fail("the file is empty, or larger than 4 GB");
    const char *data = mmap(NULL, meta.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file, 0);
    if (data == MAP_FAILED)
        fail("the file cannot be mapped");

    unsigned long long count = 0;
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    if (hs_scan(database, data, meta.st_size, 0, scratch, on_match, &count))
        fail("the scan failed");
    clock_gettime(CLOCK_MONOTONIC, &end);
    double seconds = (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec) / 1e9;
    printf("%llu %.6f\n", count, seconds);
    return 0;
}
