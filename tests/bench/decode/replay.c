/* Decodes a capture of an RFB server with libvncclient: replay CAPTURE UPDATES FRAMEBUFFER
 *
 * Prints the processor time of each of the last UPDATES framebuffer updates in nanoseconds and writes the framebuffer,
 * its pixels as 0x00RRGGBB, to the file FRAMEBUFFER. The library's read() and write() are ours, so nothing is waited
 * for and no system call is counted. */

#include <rfb/rfbclient.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPLAYED 1000 /* a file descriptor that nobody has */

static const char *wire;
static size_t left;
static int finished;

ssize_t read(int fd, void *out, size_t size)
{
    if (fd != REPLAYED)
        abort();
    if (size > left)
        size = left;
    memcpy(out, wire, size);
    wire += size;
    left -= size;
    return size;
}

ssize_t write(int fd, const void *data, size_t size)
{
    (void)data;
    if (fd != REPLAYED)
        abort();
    return size;
}

static void count_update(rfbClient *client)
{
    (void)client;
    finished++;
}

static void load(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *data;
    if (!file || fseek(file, 0, SEEK_END))
        exit(2);
    left = ftell(file);
    rewind(file);
    if (!(data = malloc(left)) || fread(data, 1, left, file) != left)
        exit(2);
    fclose(file);
    wire = data;
}

static long long now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static long long decode_update(rfbClient *client)
{
    int before = finished;
    long long start = now_ns();
    while (finished == before)
        if (!HandleRFBServerMessage(client))
            exit(3);
    return now_ns() - start;
}

static void save(const rfbClient *client, const char *path)
{
    FILE *file = fopen(path, "wb");
    size_t pixels = (size_t)client->width * client->height;
    if (!file || fwrite(client->frameBuffer, 4, pixels, file) != pixels || fclose(file))
        exit(2);
}

int main(int count, char **arguments)
{
    rfbClient *client = rfbGetClient(8, 3, 4);
    long long times[1024];
    int updates, number = 0;
    if (count != 4 || (updates = atoi(arguments[2])) < 1 || updates > 1024)
        return 2;
    load(arguments[1]);
    rfbEnableClientLogging = FALSE;
    client->format.redShift = 16;
    client->format.greenShift = 8;
    client->format.blueShift = 0;
    client->sock = REPLAYED;
    client->FinishedFrameBufferUpdate = count_update;
    if (!InitialiseRFBConnection(client))
        return 3;
    client->width = client->si.framebufferWidth;
    client->height = client->si.framebufferHeight;
    client->updateRect.w = client->width;
    client->updateRect.h = client->height;
    if (!client->MallocFrameBuffer(client) || !SetFormatAndEncodings(client))
        return 3;
    while (left || client->buffered)
        times[number++ % 1024] = decode_update(client);
    for (int back = updates; back; back--)
        printf("%lld\n", times[(number - back) % 1024]);
    save(client, arguments[3]);
    return 0;
}
