package kubernetes_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

const namespace = "natter"

// rendered is what is applied to a cluster, by kind and name.
type rendered struct {
	deployments map[string]*appsv1.Deployment
	services    map[string]*corev1.Service
	configs     map[string]*corev1.ConfigMap
	budgets     map[string]*policyv1.PodDisruptionBudget
	scalers     map[string]*autoscalingv2.HorizontalPodAutoscaler
	ingresses   map[string]*networkingv1.Ingress
	policies    map[string]*networkingv1.NetworkPolicy
	namespaces  map[string]*corev1.Namespace
}

// render is kubectl kustomize, with each object read strictly: an unknown field
// is an error, and so is a kind that no test looks at.
func render(t *testing.T) rendered {
	t.Helper()
	resources, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), "../../../deploy/kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	r := rendered{
		map[string]*appsv1.Deployment{}, map[string]*corev1.Service{}, map[string]*corev1.ConfigMap{}, map[string]*policyv1.PodDisruptionBudget{},
		map[string]*autoscalingv2.HorizontalPodAutoscaler{}, map[string]*networkingv1.Ingress{}, map[string]*networkingv1.NetworkPolicy{}, map[string]*corev1.Namespace{},
	}
	for _, resource := range resources.Resources() {
		text, err := resource.AsYAML()
		if err != nil {
			t.Fatal(err)
		}
		id := resource.GetGvk().StringWoEmptyField() + " " + resource.GetName()
		if resource.GetKind() != "Namespace" && resource.GetNamespace() != namespace {
			t.Errorf("%s is in the namespace %q", id, resource.GetNamespace())
		}
		switch resource.GetApiVersion() + " " + resource.GetKind() {
		case "apps/v1 Deployment":
			strictly(t, id, text, r.deployments, resource.GetName())
		case "v1 Service":
			strictly(t, id, text, r.services, resource.GetName())
		case "v1 ConfigMap":
			strictly(t, id, text, r.configs, resource.GetName())
		case "v1 Namespace":
			strictly(t, id, text, r.namespaces, resource.GetName())
		case "policy/v1 PodDisruptionBudget":
			strictly(t, id, text, r.budgets, resource.GetName())
		case "autoscaling/v2 HorizontalPodAutoscaler":
			strictly(t, id, text, r.scalers, resource.GetName())
		case "networking.k8s.io/v1 Ingress":
			strictly(t, id, text, r.ingresses, resource.GetName())
		case "networking.k8s.io/v1 NetworkPolicy":
			strictly(t, id, text, r.policies, resource.GetName())
		default:
			t.Errorf("%s is of a kind that no test looks at", id)
		}
	}
	return r
}

// strictly reads an object into its type.
func strictly[T any](t *testing.T, id string, text []byte, into map[string]*T, name string) {
	t.Helper()
	object := new(T)
	if err := yaml.UnmarshalStrict(text, object); err != nil {
		t.Errorf("%s: %v", id, err)
	}
	into[name] = object
}
