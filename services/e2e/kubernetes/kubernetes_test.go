package kubernetes_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

// TestRender: all there is, of known fields, and no service forgotten.
func TestRender(t *testing.T) {
	r := render(t)
	for _, service := range []string{"gateway", "history", "presence"} {
		if r.deployments[service] == nil || r.services[service+"-grpc"] == nil || r.budgets[service] == nil {
			t.Errorf("%s lacks a deployment, a service %s-grpc, or a disruption budget", service, service)
		}
	}
	if r.scalers["gateway"] == nil || r.namespaces[namespace] == nil || len(r.ingresses) != 2 || len(r.policies) != 1 {
		t.Error("the autoscaler, the namespace, an ingress or the network policy is missing")
	}
}

// TestSelectors: what selects pods selects some, by labels that they have.
func TestSelectors(t *testing.T) {
	r := render(t)
	selects := func(what string, labels map[string]string) {
		t.Helper()
		for _, d := range r.deployments {
			if within(labels, d.Spec.Template.Labels) {
				return
			}
		}
		t.Errorf("%s selects no pod: %v", what, labels)
	}
	for name, d := range r.deployments {
		if !within(d.Spec.Selector.MatchLabels, d.Spec.Template.Labels) {
			t.Errorf("the deployment %s does not select its own pods", name)
		}
		for _, c := range d.Spec.Template.Spec.TopologySpreadConstraints {
			selects("the spread of "+name, c.LabelSelector.MatchLabels)
		}
	}
	for name, s := range r.services {
		selects("the service "+name, s.Spec.Selector)
	}
	for name, b := range r.budgets {
		selects("the budget "+name, b.Spec.Selector.MatchLabels)
	}
	for name, p := range r.policies {
		selects("the policy "+name, p.Spec.PodSelector.MatchLabels)
	}
	for name, h := range r.scalers {
		if ref := h.Spec.ScaleTargetRef; r.deployments[ref.Name] == nil {
			t.Errorf("the autoscaler %s scales %s, which is not there", name, ref.Name)
		} else if r.deployments[ref.Name].Spec.Replicas != nil {
			t.Errorf("the deployment %s says how many, and so does an autoscaler", ref.Name)
		}
	}
}

// TestPorts: ports are referred to by names that containers have.
func TestPorts(t *testing.T) {
	r := render(t)
	for name, s := range r.services {
		d := r.deployments[s.Spec.Selector["app.kubernetes.io/name"]]
		for _, port := range s.Spec.Ports {
			if d == nil || !hasPort(d.Spec.Template.Spec.Containers, port.TargetPort.String()) {
				t.Errorf("the service %s sends to the port %s, which no container has", name, port.TargetPort.String())
			}
		}
	}
	for name, d := range r.deployments {
		c := d.Spec.Template.Spec.Containers[0]
		for _, probe := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
			if probe == nil || !hasPort(d.Spec.Template.Spec.Containers, probe.HTTPGet.Port.String()) {
				t.Errorf("a probe of %s is missing, or asks a port that is not there", name)
			}
		}
	}
	for name, ingress := range r.ingresses {
		for _, rule := range ingress.Spec.Rules {
			for _, path := range rule.HTTP.Paths {
				if !served(r, path.Backend.Service) {
					t.Errorf("the ingress %s leads %s to %v, which is not there", name, path.Path, path.Backend.Service)
				}
			}
		}
	}
}

func served(r rendered, backend *networkingv1.IngressServiceBackend) bool {
	s := r.services[backend.Name]
	return s != nil && slices.ContainsFunc(s.Spec.Ports, func(p corev1.ServicePort) bool { return p.Name == backend.Port.Name })
}

// TestSettingsAndSecrets: every setting is one that the program has, every
// secret one that natterctl makes; and the programs take them.
func TestSettingsAndSecrets(t *testing.T) {
	r := render(t)
	secrets := made(t)
	known := map[string]bool{}
	for name := range r.deployments {
		for setting := range printed(t, name) {
			known[setting] = true
		}
	}
	for setting := range r.configs["settings"].Data {
		if !known[setting] {
			t.Errorf("settings has %s, which no service has", setting)
		}
	}
	for name, d := range r.deployments {
		pod := d.Spec.Template.Spec
		if len(pod.Volumes) != 2 || pod.Volumes[0].Secret == nil || pod.Volumes[0].Secret.SecretName != "natter" {
			t.Fatalf("%s mounts %v", name, pod.Volumes)
		}
		// Further admins are somebody's choice: a pod starts without.
		if admins := pod.Volumes[1].Secret; admins == nil || admins.SecretName != "natter-admins" || admins.Optional == nil || !*admins.Optional {
			t.Errorf("%s mounts the admins from %v", name, pod.Volumes[1])
		}
		if mounts := pod.Containers[0].VolumeMounts; len(mounts) != 2 || mounts[1].Name != pod.Volumes[1].Name || mounts[1].MountPath != "/run/admins" {
			t.Errorf("%s mounts %v", name, mounts)
		}
		there := map[string]bool{}
		for _, item := range pod.Volumes[0].Secret.Items {
			if there["/run/secrets/natter/"+item.Path] = true; !secrets[item.Key] {
				t.Errorf("%s mounts the secret %s, which natterctl does not make", name, item.Key)
			}
		}
		own := printed(t, name)
		for _, env := range pod.Containers[0].Env {
			setting, _ := strings.CutSuffix(env.Name, "_FILE")
			if !own[setting] {
				t.Errorf("%s sets %s, which it does not have", name, env.Name)
			}
			if !there[env.Value] {
				t.Errorf("%s names the file %s, which is not mounted", name, env.Value)
			}
		}
		if from := pod.Containers[0].EnvFrom; len(from) != 1 || from[0].ConfigMapRef.Name != "settings" {
			t.Errorf("%s takes its settings from %v", name, from)
		}
	}
}

// TestSafety: pods that nobody can become root in, and that have time to stop.
func TestSafety(t *testing.T) {
	r := render(t)
	drain, err := time.ParseDuration(r.configs["settings"].Data["NATTER_DRAIN"])
	if err != nil {
		t.Fatal(err)
	}
	for name, d := range r.deployments {
		pod, c := d.Spec.Template.Spec, d.Spec.Template.Spec.Containers[0]
		if pod.SecurityContext == nil || pod.SecurityContext.RunAsNonRoot == nil || !*pod.SecurityContext.RunAsNonRoot ||
			c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem ||
			len(c.SecurityContext.Capabilities.Drop) != 1 || c.SecurityContext.Capabilities.Drop[0] != "ALL" {
			t.Errorf("%s may do more than it needs", name)
		}
		if c.Lifecycle == nil || c.Lifecycle.PreStop == nil || c.Lifecycle.PreStop.Sleep == nil {
			t.Fatalf("%s is stopped before anybody has heard of it", name)
		}
		grace := time.Duration(*pod.TerminationGracePeriodSeconds) * time.Second
		least := time.Duration(c.Lifecycle.PreStop.Sleep.Seconds)*time.Second + 30*time.Second
		if name == "gateway" {
			least += drain
		}
		if grace < least {
			t.Errorf("%s has %s to stop, and needs up to %s", name, grace, least)
		}
	}
}

// TestChartValues: the file for the chart of NATS is YAML without doubles.
func TestChartValues(t *testing.T) {
	content, err := os.ReadFile("../../../deploy/kubernetes/nats-values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]any{}
	if err := yaml.UnmarshalStrict(content, &values); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"sync_interval: always", "nats-accounts.conf", "max_payload: 1048576"} {
		if !strings.Contains(string(content), want) {
			t.Errorf("the values lack %q", want)
		}
	}
}

// made are the names of the secrets that natterctl makes.
func made(t *testing.T) map[string]bool {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "secrets")
	run(t, "../../natterctl", "./cmd/natterctl", "secrets", dir)
	files, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, file := range files {
		names[file.Name()] = true
	}
	return names
}

// printed are the settings that a service has.
func printed(t *testing.T, service string) map[string]bool {
	t.Helper()
	settings := map[string]bool{}
	for line := range strings.Lines(run(t, "../../"+service, "./cmd/"+service, "--print-config")) {
		name, _, _ := strings.Cut(line, "=")
		settings[name] = true
	}
	return settings
}

func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", append([]string{"run", program}, args...)...)
	command.Dir = dir
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%s: %v", command, err)
	}
	return string(out)
}

func within(part, whole map[string]string) bool {
	for name, value := range part {
		if whole[name] != value {
			return false
		}
	}
	return len(part) > 0
}

func hasPort(containers []corev1.Container, name string) bool {
	return slices.ContainsFunc(containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
	})
}
