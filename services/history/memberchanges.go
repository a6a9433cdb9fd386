package history

import (
	"context"
	"fmt"

	chatv1 "github.com/natter-chat/natter/proto/natter/chat/v1"
	historyv1 "github.com/natter-chat/natter/proto/natter/history/v1"
	"github.com/natter-chat/natter/services/history/room"
	"github.com/natter-chat/natter/services/internal/rpc"
)

// maxAdded is how many members one request takes.
const maxAdded = 100

// AddMembers invites users, one after the other, and gives them their role. What
// is refused of one does not keep the others out.
func (q *roomQueries) AddMembers(ctx context.Context, in *historyv1.AddMembersRequest) (*historyv1.AddMembersResponse, error) {
	if err := adminOnly(ctx); err != nil {
		return nil, err
	}
	if r := checkAdded(in); r != nil {
		return nil, rpc.Refuse(r)
	}
	out := &historyv1.AddMembersResponse{}
	for _, user := range in.GetUsers() {
		done, err := q.add(ctx, in.GetRoom(), user, in.GetRole())
		added := &historyv1.AddedMember{User: user, Change: done}
		if err != nil {
			added.Refusal = rpc.RefusalOf(err)
			switch added.Refusal.GetCode() {
			case chatv1.ErrorCode_FORBIDDEN, chatv1.ErrorCode_ROOM_FULL:
			default: // the next one would fare no better
				return nil, err
			}
		}
		out.Members = append(out.Members, added)
	}
	return out, nil
}

func checkAdded(in *historyv1.AddMembersRequest) *chatv1.Refusal {
	if n := len(in.GetUsers()); n == 0 || n > maxAdded {
		return badField("users", fmt.Sprintf("1 to %d users are added at once, and %d are named", maxAdded, n))
	}
	for _, user := range in.GetUsers() {
		if r := room.CheckUser("users", user); r != nil {
			return r
		}
	}
	if _, known := chatv1.Role_name[int32(in.GetRole())]; !known {
		return badField("role", "role is OWNER, MODERATOR, MEMBER or READER")
	}
	return nil
}

// add makes a user a member of a role; who is one already keeps the role.
func (q *roomQueries) add(ctx context.Context, id, user string, role chatv1.Role) (*historyv1.Change, error) {
	done, err := q.change(ctx, &chatv1.Command{Room: id, Change: &chatv1.Command_Invite{Invite: &chatv1.Invite{User: user}}})
	if err != nil || done.GetDuplicate() || role == chatv1.Role_ROLE_UNSPECIFIED || role == chatv1.Role_MEMBER {
		return done, err
	}
	return q.change(ctx, setRole(id, user, role))
}

func setRole(id, user string, role chatv1.Role) *chatv1.Command {
	return &chatv1.Command{Room: id, Change: &chatv1.Command_SetRole{SetRole: &chatv1.SetRole{User: user, Role: role}}}
}

// RemoveMember ends a membership.
func (q *roomQueries) RemoveMember(ctx context.Context, in *historyv1.RemoveMemberRequest) (*historyv1.RemoveMemberResponse, error) {
	done, err := q.change(ctx, &chatv1.Command{Room: in.GetRoom(), Change: &chatv1.Command_Kick{
		Kick: &chatv1.Kick{User: in.GetUser(), Reason: said(in.GetReason())},
	}})
	if err != nil {
		return nil, err
	}
	return &historyv1.RemoveMemberResponse{Change: done}, nil
}

// said is a text that need not be.
func said(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// SetRole gives a member another role.
func (q *roomQueries) SetRole(ctx context.Context, in *historyv1.SetRoleRequest) (*historyv1.SetRoleResponse, error) {
	done, err := q.change(ctx, setRole(in.GetRoom(), in.GetUser(), in.GetRole()))
	if err != nil {
		return nil, err
	}
	return &historyv1.SetRoleResponse{Change: done}, nil
}
