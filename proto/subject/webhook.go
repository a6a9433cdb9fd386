package subject

import "strconv"

// BucketWebhooks holds who is told what happens in rooms, and how far they
// are. Only history reads it: secrets are in it.
const BucketWebhooks = "chat_webhooks"

// AllWebhooks are the keys in [BucketWebhooks] of all webhooks.
const AllWebhooks = "hook.*"

// Webhook is the key in [BucketWebhooks] of a webhook.
func Webhook(id string) string { return "hook." + Token(id) }

// WebhookPlace is the key in [BucketWebhooks] of how a webhook follows a
// partition's log.
func WebhookPlace(id string, partition int) string {
	return "place." + Token(id) + "." + strconv.Itoa(partition)
}

// WebhookPlaces are the keys of all places in a partition's log.
func WebhookPlaces(partition int) string { return "place.*." + strconv.Itoa(partition) }

// WebhookRoom is the key in [BucketWebhooks] of a room of which deliveries
// wait.
func WebhookRoom(id string, partition int, room string) string {
	return "room." + Token(id) + "." + strconv.Itoa(partition) + "." + Token(room)
}

// WebhookRooms are the keys of all rooms of a partition of which deliveries
// wait.
func WebhookRooms(id string, partition int) string {
	return "room." + Token(id) + "." + strconv.Itoa(partition) + ".*"
}

// AllWebhookRooms are the keys of all rooms of which deliveries wait.
func AllWebhookRooms(id string) string { return "room." + Token(id) + ".>" }

// WebhookDead is the key in [BucketWebhooks] of a delivery that was given up:
// of a room's events after a seq.
func WebhookDead(id string, partition int, room string, after uint32) string {
	return "dead." + Token(id) + "." + strconv.Itoa(partition) + "." + Token(room) + "." + strconv.FormatUint(uint64(after), 10)
}

// WebhookDeadOf are the keys of all deliveries of a partition's rooms that
// were given up.
func WebhookDeadOf(id string, partition int) string {
	return "dead." + Token(id) + "." + strconv.Itoa(partition) + ".>"
}

// AllWebhookDead are the keys of all deliveries that were given up.
func AllWebhookDead(id string) string { return "dead." + Token(id) + ".>" }

// WebhookConsumer is the durable consumer by which one incarnation of a
// webhook's courier follows a partition's log.
func WebhookConsumer(id, incarnation string) string {
	return "webhook-" + Token(id) + "-" + Token(incarnation)
}
